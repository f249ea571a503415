"""in-terminal.py SESSION COMMAND…: runs a command whose stdin and stderr are a terminal that closes when our stdin ends.

It has no size unless COLUMNS is set. SESSION is `own` where the terminal is the command's controlling one, so that the kernel sends it a SIGHUP, or `none`.
What comes to our stdin is typed, and what the terminal shows goes to our stderr; stdout is passed on. The exit code is the command's, or 128 and the number of the signal that ended it.
"""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios

session, *command = sys.argv[1:]
master, slave = pty.openpty()
if "COLUMNS" in os.environ:
    termios.tcsetwinsize(slave, (24, int(os.environ["COLUMNS"])))


def begin():
    os.setsid()
    if session == "own":
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


child = subprocess.Popen(command, stdin=slave, stderr=slave, preexec_fn=begin)
os.close(slave)
while True:
    readable, _, _ = select.select([0, master], [], [])
    if master in readable:
        try:
            os.write(2, os.read(master, 65536))
        except OSError:  # the command has ended
            break
    if 0 in readable:
        typed = os.read(0, 65536)
        if not typed:
            break
        os.write(master, typed)
os.close(master)
code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
