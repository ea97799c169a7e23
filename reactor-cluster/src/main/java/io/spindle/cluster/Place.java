// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.ExitStatus;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * One place in the cluster: who sits there changes, how often that failed is remembered. A place that is retired gets no
 * new worker, and is vacant when its last one has ended. Loop only.
 */
final class Place {

    private final int slot;
    private final RestartPolicy policy;
    private final RandomGenerator random;
    private final Sinks.Empty<Void> online = Sinks.empty();
    private final Sinks.Empty<Void> vacant = Sinks.empty();
    private @Nullable Disposable restart;
    private volatile boolean retired; // read everywhere
    private volatile boolean standby; // read everywhere
    private int forking;
    private int failedStarts;
    private String lastEnd = "";

    Place(int slot, RestartPolicy policy, RandomGenerator random) {
        this.slot = slot;
        this.policy = policy;
        this.random = random;
    }

    int slot() {
        return slot;
    }

    /** Its worker waits to be promoted. */
    boolean isStandby() {
        return standby;
    }

    void standby(boolean waits) {
        standby = waits;
    }

    void retire() {
        retired = true;
    }

    boolean isRetired() {
        return retired;
    }

    void onlineNow() {
        online.tryEmitEmpty();
    }

    void vacantNow() {
        online.tryEmitEmpty();
        vacant.tryEmitEmpty();
    }

    /** Completes when a worker of this place has been online, or when there will be none. */
    Mono<Void> online() {
        return online.asMono();
    }

    /** Completes when the place is retired and its last worker has ended. */
    Mono<Void> vacant() {
        return vacant.asMono();
    }

    void forkBegins() {
        forking++;
    }

    void forkEnds() {
        forking--;
    }

    /** A process for it is being started. */
    boolean isForking() {
        return forking > 0;
    }

    /** It waits for its next worker. */
    void awaits(Disposable nextStart) {
        restart = nextStart;
    }

    boolean isWaiting() {
        return restart != null;
    }

    void stopWaiting() {
        if (restart != null) {
            restart.dispose();
            restart = null;
        }
    }

    /** Its worker has ended unasked. */
    void ended(DefaultClusterWorker worker, ExitStatus status) {
        boolean stable = worker.aliveNanos() >= policy.stableAfter().toNanos();
        failedStarts = stable ? 0 : failedStarts + 1;
        lastEnd = "worker " + worker.id() + " ended with " + status + " after "
                + Duration.ofNanos(worker.aliveNanos()).toMillis() + " ms";
    }

    void notStarted(Throwable error) {
        failedStarts++;
        lastEnd = "a worker could not be started: " + error.getMessage();
    }

    boolean isBroken() {
        return policy.isBroken(failedStarts);
    }

    Duration delay() {
        return policy.delay(failedStarts, random);
    }

    String lastEnd() {
        return lastEnd;
    }

    String verdict() {
        return "crash loop: " + failedStarts + " starts in a row failed in each place of the cluster, each within "
                + policy.stableAfter().toMillis() + " ms; last, " + lastEnd;
    }
}
