// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Sinks;

/** The JVM of a primary ends, so its workers do, and its directory goes. Thread-safe. */
final class ShutdownHook implements Disposable {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final Sinks.One<Primary> guarded = Sinks.one(); // empty if there is none
    private final Thread thread = new Thread(this::run, "spindle-primary-shutdown");

    private ShutdownHook() {}

    /**
     * Adds one, before there is what it is to end.
     *
     * @throws ClusterException if this JVM ends already: then nothing should be started
     */
    static ShutdownHook add() {
        ShutdownHook hook = new ShutdownHook();
        try {
            Runtime.getRuntime().addShutdownHook(hook.thread);
        } catch (IllegalStateException e) {
            throw new ClusterException("the cluster cannot start: this JVM is shutting down", e);
        }
        return hook;
    }

    /** From now on it ends this one; at once if it runs already. */
    void guard(Primary primary) {
        guarded.tryEmitValue(primary);
    }

    private void run() {
        try {
            guarded.asMono()
                    .doOnNext(Primary::dispose)
                    .flatMap(Primary::exit)
                    .onErrorComplete()
                    .toFuture()
                    .get(PrimaryTimes.SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            log.debug("the workers will end by themselves", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** It has nothing to do any more. Idempotent. */
    @Override
    public void dispose() {
        guarded.tryEmitEmpty();
        try {
            Runtime.getRuntime().removeShutdownHook(thread);
        } catch (IllegalStateException e) {
            log.trace("the JVM is shutting down", e);
        }
    }
}
