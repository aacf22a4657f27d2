/* SPDX-License-Identifier: Apache-2.0 */
/* A port for a server that is about to start. */
#ifndef KB_TEST_PORT_H
#define KB_TEST_PORT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST 10000
#define PORT_COUNT 10000

/* Nobody has it, and nobody is given it meanwhile: the kernel takes those of connections, and of whoever does not care, from above (ip_local_port_range). */
static inline int
free_port(void)
{
	for (;;) {
		uint16_t number = 0;
		getrandom(&number, sizeof(number), 0);
		int port = PORT_FIRST + number % PORT_COUNT;
		struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool is_free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
		close(fd);
		if (is_free)
			return port;
	}
}

#endif
