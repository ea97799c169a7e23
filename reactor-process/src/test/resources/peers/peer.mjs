// SPDX-License-Identifier: Apache-2.0
// What PeerTest talks to; peer.py does the same.

import { Channel } from './channel.mjs';

const channel = new Channel(process.env.SPINDLE_CHANNEL);
channel.onMessage = (message) => channel.send({ echo: message });
channel.handlers = {
  double: (number) => number * 2,
  fail: (reason) => {
    throw new Error(reason);
  },
  grant: (count) => channel.grant(count),
  burst: (count) => {
    for (let number = 1; number <= count; number++) {
      channel.send(number);
    }
  },
  relay: (subject) => channel.request(subject, 'from the peer').catch((error) => `failed: ${error.message}`),
  sent: () => channel.sent,
  leave: () => channel.disconnect(),
};
channel.ended.catch((lost) => {
  console.error(`lost: ${lost.message}`);
  process.exitCode = 1;
});
