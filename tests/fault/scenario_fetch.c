/* SPDX-License-Identifier: Apache-2.0 */
/* A download from a server on loopback, with its sum pinned, and with another's. */
#include "fault.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "fetch.h"

#define BODY "bytes of the server\n"
#define SUM "4c0b0b2b2ec0a7f6cb0c1ed7ce0d8d6ef4a1f2b1b2a3b4c5d6e7f8091a2b3c4d"

static char url[64], sum[80];
static pid_t server;

static void
serve(int listener)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n" BODY;
	char asked[4096];

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		if (recv(fd, asked, sizeof(asked), 0) > 0)
			send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (recv(fd, asked, sizeof(asked), 0) > 0)
			;
		close(fd);
	}
}

static void
begin(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *pipe = popen("printf '" "bytes of the server\\n" "' | sha256sum | cut -c 1-64", "r");

	if (!pipe || !fgets(sum, sizeof(sum), pipe) || pclose(pipe) || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 64)
		|| getsockname(listener, (struct sockaddr *)&address, &size))
		exit(2);
	sum[64] = '\0';
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/file", ntohs(address.sin_port));
	server = fork();
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener);
	}
	close(listener);
}

static void
end(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static int
fetch(struct kbi_fetcher *fetcher, bool is_wrong, struct kb_err *err)
{
	const struct kbi_fetch what = {.url = url, .sha256 = is_wrong ? SUM : sum, .max_bytes = 1000, .timeout_ms = 10000};
	struct kbi_buf out = KBI_BUF(1000);
	int status = kbi_fetch(fetcher, &what, &out, err);

	if (status == KB_OK && (is_wrong || strcmp(kbi_buf_text(&out), BODY) != 0))
		fault_wrong("KB_OK, and what came is \"%s\"", kbi_buf_text(&out));
	if (status != err->code && !fault_goes_on())
		fault_wrong("the status is %s, its error %s", kb_err_name(status), kb_err_name(err->code));
	kbi_buf_free(&out);
	return is_wrong && status == KB_EINTEGRITY ? KB_OK : status;
}

static int
play(const struct scenario *scenario)
{
	struct kb_err err = {0};
	bool is_wrong = scenario->which;

	fault_begin();
	struct kbi_fetcher *fetcher = kbi_fetcher_new();
	int status = fetcher ? fetch(fetcher, is_wrong, &err) : NO_HANDLE;
	kbi_err_clear(&err);
	if (status < 0 && !fault_goes_on() && fetch(fetcher, is_wrong, &err))
		fault_wrong("the second time it failed");
	kbi_err_clear(&err);
	kbi_fetcher_unref(fetcher);
	return status;
}

const struct scenario fault_fetch[] = {
	{"fetch.right", begin, play, end, 0, 0},
	{"fetch.wrong-sum", begin, play, end, 1, 0},
	{0},
};
