"""asyncssh at its fastest: one connection and one shell a host, kept; each step is a line, and its answer is waited for."""
import asyncio
import sys

import asyncssh

user, identity, known_hosts, steps, *ports = sys.argv[1:]


async def drive(port):
    async with asyncssh.connect("127.0.0.1", port=int(port), username=user, client_keys=[identity], known_hosts=known_hosts,
                                config=None, agent_path=None) as connection:
        async with connection.create_process("sh -s", encoding=None) as shell:
            for step in range(int(steps)):
                shell.stdin.write(b"/bin/true; echo done-%d-$?\n" % step)
                answer = await shell.stdout.readline()
                if answer != b"done-%d-0\n" % step:
                    raise RuntimeError(f"port {port}: {answer!r}")
            shell.stdin.write_eof()


async def main():
    await asyncio.gather(*map(drive, ports))


asyncio.run(main())
