# SPDX-License-Identifier: Apache-2.0
"""An SSH server that asks in keyboard-interactive logins: prompts.py FOLDER. Writes its port to FOLDER/prompts.port, and what it was
told to FOLDER/prompts.log. Users: one (a single prompt that hides), shown (a single one that echoes), two (two at once), rounds (one, an
empty round, then two), endless, foul (prompts with control characters), both (a password first, then a prompt), key (the key of
key_ed25519.pub, which is looked at beside the packets that come)."""
import asyncio
import os
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")     # of the ciphers that the library below it still has

import asyncssh     # noqa: E402

FOLDER = sys.argv[1]
HIDDEN, SHOWN = False, True
ROUNDS = {
    "one": [[("Password: ", HIDDEN)]],
    "both": [[("Code: ", HIDDEN)]],
    "shown": [[("Name: ", SHOWN)]],
    "two": [[("Password: ", HIDDEN), ("Code: ", HIDDEN)]],
    "rounds": [[("Password: ", HIDDEN)], [], [("Name: ", SHOWN), ("Code: ", HIDDEN)]],
    "foul": [[("\x1b]0;owned\x07\r\nPassword\0: ", HIDDEN), ("x" * 5000, HIDDEN)]],
}
ANSWERS = {
    "one": ["correct-horse"],
    "both": ["123456"],
    "shown": ["me"],
    "two": ["correct-horse", "123456"],
    "rounds": ["correct-horse", "me", ""],
    "foul": ["a", "b"],
}


def log(*words):
    with open(FOLDER + "/prompts.log", "a", encoding="utf-8") as out:
        print(*words, file=out, flush=True)


class Server(asyncssh.SSHServer):
    def connection_made(self, conn):
        log("connection")
        self.conn = conn

    def begin_auth(self, username):
        self.user, self.round, self.told, self.has_password = username, 0, [], False
        if username == "endless":
            self.rounds = None
        else:
            self.rounds = ROUNDS.get(username, [])
        return True

    def password_auth_supported(self):
        return self.user == "both" and not self.has_password

    def validate_password(self, username, password):
        log("password", username, password)
        self.has_password = True
        return False

    def public_key_auth_supported(self):
        return self.user == "key"

    async def validate_public_key(self, username, key):
        await asyncio.sleep(0.05)
        return key == asyncssh.read_public_key(FOLDER + "/key_ed25519.pub")

    def kbdint_auth_supported(self):
        return True

    def _ask(self):
        if self.rounds is None:
            self.round += 1
            return "", "", "", []
        prompts = self.rounds[self.round]
        self.round += 1
        return "name", "instructions", "en", prompts

    def get_kbdint_challenge(self, username, lang, submethods):
        return self._ask()

    def validate_kbdint_response(self, username, responses):
        log("told", username, repr(list(responses)))
        self.told += responses
        if self.rounds is None or self.round < len(self.rounds):
            return self._ask()
        return self.told == ANSWERS[username]


async def process(proc):
    """The login's shell: /bin/sh."""
    shell = subprocess.Popen(["/bin/sh", "-c", proc.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await proc.redirect(stdin=shell.stdin, stdout=shell.stdout, stderr=shell.stderr)
    await proc.wait_closed()
    shell.kill()


async def main():
    server = await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[FOLDER + "/host_ed25519"],
                                          process_factory=process, encoding=None)
    with open(FOLDER + "/prompts.port.new", "w", encoding="ascii") as out:
        print(server.sockets[0].getsockname()[1], file=out)
    os.rename(FOLDER + "/prompts.port.new", FOLDER + "/prompts.port")
    await server.wait_closed()


asyncio.run(main())
