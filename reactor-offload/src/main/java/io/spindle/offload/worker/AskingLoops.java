// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.worker;

import io.spindle.loop.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The loops on which somebody waits for an answer, each watched while there is one. A loop that ends drops what was
 * posted to it, so nobody there would ever say that he does not wait any more.
 */
final class AskingLoops {

    private final Map<EventLoop, Watch> watches = new ConcurrentHashMap<>();
    private final Consumer<EventLoop> onEnd;

    AskingLoops(Consumer<EventLoop> onEnd) {
        this.onEnd = onEnd;
    }

    /** One more waits there. */
    void add(EventLoop loop) {
        Watch fresh = new Watch();
        Watch watch = watches.compute(loop, (same, present) -> {
            Watch chosen = present == null ? fresh : present;
            chosen.waiting++;
            return chosen;
        });
        if (watch.equals(fresh)) {
            watch.end.update(loop.onDispose().subscribe(none -> {}, error -> {}, () -> ended(loop)));
        }
    }

    /** One fewer waits there. */
    void remove(EventLoop loop) {
        watches.computeIfPresent(loop, (same, watch) -> {
            if (--watch.waiting > 0) {
                return watch;
            }
            watch.end.dispose();
            return null;
        });
    }

    private void ended(EventLoop loop) {
        watches.remove(loop);
        onEnd.accept(loop);
    }

    private static final class Watch {

        private final Disposable.Swap end = Disposables.swap();
        private int waiting; // within the map's compute only
    }
}
