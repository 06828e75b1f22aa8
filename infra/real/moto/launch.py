"""moto's server with what the lanes need beyond it. Takes the arguments of moto_server."""

import sys

import alarms
import kafka_mappings
import stacks
from moto.server import main

alarms.patch()
kafka_mappings.patch()
stacks.patch()

if __name__ == "__main__":
    sys.exit(main())
