"""Verifies a request with the library of the Standard Webhooks specification: {secret, headers, body} on stdin."""

import json
import sys

from standardwebhooks import Webhook

request = json.load(sys.stdin)
Webhook(request["secret"]).verify(request["body"], request["headers"])
