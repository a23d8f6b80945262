"""`python -m humo_engine …`"""

import sys

from humo_engine.cli import main

sys.exit(main())
