// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** In turn by slots, so that it goes on in order when a worker comes or goes. Loop only. */
final class RoundRobin implements Balance {

    private static final int BEHIND = 16;

    private int lastSlot = -1;

    @Override
    public Candidate choose(SocketAddress client, List<Candidate> candidates) {
        Candidate chosen = next(candidates, BEHIND);
        if (chosen == null) {
            chosen = next(candidates, Integer.MAX_VALUE);
        }
        Candidate next = chosen == null ? candidates.get(0) : chosen;
        lastSlot = next.worker().slot();
        return next;
    }

    private @Nullable Candidate next(List<Candidate> candidates, int limit) {
        Candidate first = null;
        for (Candidate each : candidates) {
            if (each.waiting() >= limit) {
                continue;
            }
            if (each.worker().slot() > lastSlot) {
                return each;
            }
            first = first == null ? each : first;
        }
        return first;
    }
}
