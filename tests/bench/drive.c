/* SPDX-License-Identifier: Apache-2.0 */
/* drive USER IDENTITY KNOWN_HOSTS HOSTS STEPS PORT...: that many dependent steps on that many hosts of 127.0.0.1 (with one port for each, or one
 * for all), and one line of JSON on what it cost. Exits 0 when every step was done. */
#include "drive.h"

int
main(int argc, char **argv)
{
	if (argc < 7)
		return 2;
	struct drive drive = {.user = argv[1], .identity = argv[2], .known_hosts = argv[3],
		.host_count = strtoul(argv[4], NULL, 10), .step_count = strtoul(argv[5], NULL, 10)};
	size_t port_count = (size_t)argc - 6;
	int *ports = calloc(port_count, sizeof(*ports));
	if (!ports || (port_count != 1 && port_count < drive.host_count))
		return 2;
	for (size_t i = 0; i < port_count; i++)
		ports[i] = atoi(argv[6 + i]);
	drive_run(&drive, "127.0.0.1", ports, port_count);
	free(ports);
	double hosts = (double)drive.host_count;
	printf("{\"hosts\": %zu, \"steps\": %zu, \"changed\": %zu, \"wall_s\": %.3f, \"cpu_ms_per_host\": %.3f, \"memory_kib_per_host\": %.1f}\n",
	       drive.host_count, drive.step_count, drive.changed, drive.wall_s, drive.cpu_s * 1000 / hosts, (double)drive.memory_kib / hosts);
	if (drive.why[0])
		fprintf(stderr, "%s\n", drive.why);
	return drive.status != KB_OK || drive.changed != drive.host_count * drive.step_count;
}
