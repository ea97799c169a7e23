// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.ExitStatus;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** One place in the cluster: who sits there changes, how often that failed is remembered. Loop only. */
final class Place {

    private final int slot;
    private final RestartPolicy policy;
    private final RandomGenerator random;
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
