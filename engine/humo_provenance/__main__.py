"""`python -m humo_provenance …`"""

import sys

from humo_provenance.cli import main

sys.exit(main())
