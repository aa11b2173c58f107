"""The toy app as a module, for `faust -A tests.broker.toy_faust_app worker -l info`."""

import json
import os

from tests.broker.toy_worker import build

app = build(json.loads(os.environ["TOY"]))
