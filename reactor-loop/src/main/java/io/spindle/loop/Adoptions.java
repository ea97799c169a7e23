// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one loop has adopted and what has not ended yet. Any thread. */
final class Adoptions {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private final Set<Adopted<?>> present = ConcurrentHashMap.newKeySet();
    private volatile boolean over; // nothing runs on the loop any more

    void add(Adopted<?> adopted) {
        present.add(adopted);
        // The loop says that it is over, then looks here: whoever of the two takes it out ends it.
        if (over && present.remove(adopted)) {
            adopted.loopEnded();
        }
    }

    void remove(Adopted<?> adopted) {
        present.remove(adopted);
    }

    /** The loop has ended: see {@link Adopted#loopEnded}. */
    void end(String loop) {
        over = true;
        present.forEach(adopted -> end(adopted, loop));
    }

    private void end(Adopted<?> adopted, String loop) {
        try {
            if (present.remove(adopted)) {
                adopted.loopEnded();
            }
        } catch (Throwable error) {
            log.error("[{}] an adopted publisher or its subscriber threw at the end of the loop", loop, error);
        }
    }
}
