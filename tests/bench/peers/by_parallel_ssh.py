"""parallel-ssh: its client over libssh2, all hosts at once; run_command() and join() for each step, as its documentation has it."""
import sys

from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig

user, identity, known_hosts, steps, *ports = sys.argv[1:]
client = ParallelSSHClient(["127.0.0.1"] * len(ports), host_config=[HostConfig(port=int(port)) for port in ports], user=user, pkey=identity,
                           pool_size=len(ports), allow_agent=False)
for _ in range(int(steps)):
    output = client.run_command("/bin/true")
    client.join(output)
    if any(host.exit_code != 0 for host in output):
        raise SystemExit("a step failed")
