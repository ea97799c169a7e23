// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** When this worker serves. Thread-safe. */
final class Readiness {

    /** Loops come here too: a contended lock would park them, a monitor is held for a few instructions. */
    private final Object monitor = new Object();

    private final Connections connections;
    private final Sinks.Empty<Void> ready = Sinks.empty();
    private final Sinks.Empty<Void> serving = Sinks.empty();

    // Under the monitor.
    private int conditions;
    private boolean up;
    private boolean isReady;
    private boolean paused;

    Readiness(Connections connections) {
        this.connections = connections;
    }

    /** Completes once: it is up, and no condition is open. */
    Mono<Void> ready() {
        return ready.asMono();
    }

    /** Completes once: it is ready and not paused. */
    Mono<Void> serving() {
        return serving.asMono();
    }

    void addCondition() {
        change(() -> {
            if (isReady) {
                throw new IllegalStateException("readyAfter must be called before this worker is ready");
            }
            conditions++;
        });
    }

    void conditionHolds() {
        change(() -> conditions--);
    }

    /** A server is bound, or the program has returned. */
    void up() {
        change(() -> up = true);
    }

    /** It is to accept nothing, for a while or for ever. */
    void pause(boolean wanted) {
        change(() -> paused = wanted);
    }

    private void change(Runnable change) {
        boolean isNew;
        boolean serves;
        synchronized (monitor) {
            change.run();
            connections.hold(conditions > 0, paused); // inside: of two changes at once the last one is to stay
            isNew = conditions == 0 && up && !isReady;
            isReady |= isNew;
            serves = isReady && !paused;
        }
        connections.acceptMore();
        if (isNew) {
            ready.tryEmitEmpty();
        }
        if (serves) {
            serving.tryEmitEmpty();
        }
    }
}
