"""Names that the stack, the keeper and the machine itself agree on. Standard library only."""

OWNER_TAG = "ct:name"
"""On every instance, volume and snapshot of one CloudTop; its value is the CloudTop's name."""

HOME_TAG = "ct:home"
"""On the volume with the data: `yes`. The machine's role may attach and detach no other volume."""

STALE_TAG = "ct:stale"
"""On a volume that a move left behind, with the time. It is never attached again and never merged."""

FIRST_USE_TAG = "ct:first-use"
"""`yes` on a volume that was made empty. Without it no volume is ever formatted."""

FORMATTING_TAG = "ct:formatting"
"""On a volume whose first `mkfs` has begun, with the UUID the file system is going to have."""

FORMATTED_TAG = "ct:formatted"
"""On a volume that has its file system: the UUID. From then on only this one is mounted."""

DEVICE = "/dev/xvdj"
"""The name the volume is asked for, and has by a symbolic link of udev."""

HOME_PATH = "/home/ubuntu/persistent"
SCRATCH_PATH = "/scratch"

SETTINGS_FILE = "/etc/everyday/cloudtop.conf"
"""KEY=value lines, written by user data: the machine's settings (`machine/settings.py`)."""

HOLD_FILE = "/run/everyday/hold"
"""While it is there, and the time in it has not passed, nothing is stopped for being idle."""

# Keys (`pk`) of the items in the one table.
WISH, HOME, LEASE, REPORT, KEEPER = "wish", "home", "lease", "report", "keeper"
