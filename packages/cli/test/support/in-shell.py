"""in-shell.py PROMPT COMMAND…: types our stdin into a command that runs in a terminal of its own, and passes on what it shows.

A chunk of the input is typed each time the command shows the prompt; chunks are separated by NUL. Ends when the
command does, or after two minutes.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

prompt = sys.argv[1].encode()
chunks = sys.stdin.buffer.read().split(b"\0")
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))


def begin():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


child = subprocess.Popen(sys.argv[2:], stdin=slave, stdout=slave, stderr=slave, preexec_fn=begin)
os.close(slave)
unseen = b""
end = time.monotonic() + 120
while time.monotonic() < end:
    if not select.select([master], [], [], 1)[0]:
        continue
    try:
        shown = os.read(master, 65536)
    except OSError:  # the shell has ended
        break
    if not shown:
        break
    os.write(1, shown)
    unseen += shown
    if prompt in unseen and chunks:
        unseen = b""
        os.write(master, chunks.pop(0))
child.kill()
child.wait()
