// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Rendezvous hashing: each client ranks all places by a number of its own, and the highest that is there wins. */
final class Sticky {

    private static final long FIRST = 0xbf58476d1ce4e5b9L;
    private static final long SECOND = 0x94d049bb133111ebL;

    private Sticky() {}

    static long weight(InetSocketAddress client, Balance.Candidate candidate) {
        InetAddress address = client.getAddress();
        return mix(mix(address.hashCode()) + candidate.worker().slot());
    }

    /** The finish of SplitMix64: neighbours come out far from each other. */
    private static long mix(long value) {
        long first = (value ^ (value >>> 30)) * FIRST;
        long second = (first ^ (first >>> 27)) * SECOND;
        return second ^ (second >>> 31);
    }
}
