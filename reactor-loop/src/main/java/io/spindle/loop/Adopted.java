// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One subscription to an adopted publisher: it holds the loop open, and does not outlive it. */
final class Adopted {

    private static final String KIND = "Publisher";

    private final DefaultEventLoop loop;
    private final Handle handle;
    private final Sinks.Empty<Void> refusal = Sinks.empty();
    private volatile @Nullable Subscription source;
    private volatile boolean over;

    private Adopted(DefaultEventLoop loop) {
        this.loop = loop;
        this.handle = loop.open(KIND);
    }

    static Adopted by(DefaultEventLoop loop) {
        Adopted adopted = new Adopted(loop);
        loop.adoptions().add(adopted);
        return adopted;
    }

    void subscribed(Subscription subscription) {
        source = subscription;
        if (over) {
            subscription.cancel();
        }
    }

    /** Errors at the end of a loop that was disposed. */
    Mono<Void> refusal() {
        return refusal.asMono();
    }

    /**
     * The loop has ended, and nothing can signal on it any more.
     *
     * @param tell whether the subscriber is told: not that of a program that exits, after which nothing runs
     */
    void loopEnded(boolean tell) {
        over = true;
        Subscription subscription = source;
        try {
            if (subscription != null) {
                subscription.cancel();
            }
        } finally {
            if (tell) {
                refusal.tryEmitError(Exceptions.failWithRejected());
            }
        }
    }

    /** After its last signal: there is no moment in which the loop looks idle. */
    void release() {
        loop.adoptions().remove(this);
        handle.dispose();
    }
}
