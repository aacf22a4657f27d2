/* SPDX-License-Identifier: Apache-2.0 */
/* drive ask|change|many USER IDENTITY KNOWN_HOSTS HOSTS STEPS PORT...: that many dependent steps on that many hosts of 127.0.0.1 (with one port for
 * each, or one for all), and one line of JSON on what it cost. Exits 0 when every step ended well. many: as change, behind a
 * run with one host, so that what the first one alone costs (libraries, their tables) is not counted. */
#include "drive.h"

int
main(int argc, char **argv)
{
	if (argc < 8)
		return 2;
	struct drive drive = {.is_asking = strcmp(argv[1], "ask") == 0, .user = argv[2], .identity = argv[3], .known_hosts = argv[4],
		.host_count = strtoul(argv[5], NULL, 10), .step_count = strtoul(argv[6], NULL, 10)};
	size_t port_count = (size_t)argc - 7;
	int *ports = calloc(port_count, sizeof(*ports));
	if (!ports || (port_count != 1 && port_count < drive.host_count))
		return 2;
	for (size_t i = 0; i < port_count; i++)
		ports[i] = atoi(argv[7 + i]);
	if (strcmp(argv[1], "many") == 0) {
		struct drive first = drive;
		first.host_count = 1;
		drive_run(&first, "127.0.0.1", ports, port_count);
	}
	drive_run(&drive, "127.0.0.1", ports, port_count);
	free(ports);
	double hosts = (double)drive.host_count;
	printf("{\"hosts\": %zu, \"steps\": %zu, \"changed\": %zu, \"wall_s\": %.3f, \"cpu_ms_per_host\": %.3f, \"memory_kib_per_host\": %.1f}\n",
	       drive.host_count, drive.step_count, drive.changed, drive.wall_s, drive.cpu_s * 1000 / hosts, (double)drive.memory_kib / hosts);
	if (drive.why[0])
		fprintf(stderr, "%s\n", drive.why);
	return drive.status != KB_OK || (drive.is_asking ? drive.present : drive.changed) != drive.host_count * drive.step_count;
}
