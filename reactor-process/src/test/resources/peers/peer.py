# SPDX-License-Identifier: Apache-2.0
"""What PeerTest talks to; peer.mjs does the same."""

import os
import sys

from channel import Channel, RequestFailed


def fail(reason):
    raise ValueError(reason)


def grant(count):
    channel.grant(count)


def burst(count):
    for number in range(1, count + 1):
        channel.send(number)


def relay(subject):
    try:
        return channel.request(subject, "from the peer")
    except RequestFailed as error:
        return f"failed: {error}"


channel = Channel(os.environ["SPINDLE_CHANNEL"], lambda message: channel.send({"echo": message}))
channel.handlers = {
    "double": lambda number: number * 2,
    "fail": fail,
    "grant": grant,
    "burst": burst,
    "relay": relay,
    "sent": lambda _: channel.sent,
    "leave": lambda _: channel.disconnect(),
}
try:
    channel.run()
except ConnectionError as lost:
    sys.exit(f"lost: {lost}")
