/* guard PROGRAM ARG...: runs a program that cannot change what hosts share with their machine.
 *
 * A host of the lab has its own namespaces but not its own kernel: swap, clock, kernel modules and the kernel's log belong to the
 * machine. Whatever runs under the guard, and all its children for ever, gets EPERM for the calls that would change one of them.
 * reboot(2) is not among them: from inside a PID namespace it ends that namespace, which is what a host's reboot should be.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

static const int refused[] = {
	SCMP_SYS(swapon), SCMP_SYS(swapoff),
	SCMP_SYS(settimeofday), SCMP_SYS(stime), SCMP_SYS(clock_settime), SCMP_SYS(clock_settime64),
	SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(clock_adjtime64),	/* a filter can't see their modes: reading too */
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
	SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(iopl), SCMP_SYS(ioperm),
};

/* The actions of syslog(2) that clear the log or change the console's level. */
static const int syslog_refused[] = { 4, 5, 6, 7, 8 };

static int
add_rules(scmp_filter_ctx filter)
{
	const unsigned int refuse = SCMP_ACT_ERRNO(EPERM);
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(refused) / sizeof(refused[0]); i++)
		rc = seccomp_rule_add(filter, refuse, refused[i], 0);
	for (size_t i = 0; !rc && i < sizeof(syslog_refused) / sizeof(syslog_refused[0]); i++)
		rc = seccomp_rule_add(filter, refuse, SCMP_SYS(syslog), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)syslog_refused[i]));
	return rc;
}

/* The other calling conventions of the same CPU would be a way around. */
static int
add_arches(scmp_filter_ctx filter)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		return seccomp_arch_add(filter, SCMP_ARCH_X86) || seccomp_arch_add(filter, SCMP_ARCH_X32);
	case SCMP_ARCH_AARCH64:
		return seccomp_arch_add(filter, SCMP_ARCH_ARM);
	default:
		return 0;
	}
}

static int
load(scmp_filter_ctx filter)
{
	if (!filter || add_arches(filter) || add_rules(filter))
		return -1;
	/* sudo is setuid: no_new_privs would take that from it, and root may load a filter without */
	if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) || seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2))
		return -1;
	return seccomp_load(filter);
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: guard PROGRAM [ARG...]\n", stderr);
		return 2;
	}
	if (load(seccomp_init(SCMP_ACT_ALLOW))) {
		fputs("guard: the filter could not be loaded\n", stderr);
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
