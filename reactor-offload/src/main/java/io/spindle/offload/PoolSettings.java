// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a pool is made of, whichever kind it is; changed only while new ones are made of others. */
final class PoolSettings {

    /** No thread is replaced because of the number of its tasks. */
    static final int NEVER = 0;

    final String name;
    int minThreads;
    int maxThreads;
    int queueCapacity;
    Duration idleTimeout = Duration.ofSeconds(60);
    OnFull onFull = OnFull.REJECT;

    /** How long a task that is to be stopped has before it is interrupted. */
    Duration grace = Duration.ZERO;

    /** How long a task that was interrupted may still run before it is reported. */
    Duration stuckAfter = Duration.ofSeconds(10);

    /** How many levels of priority its queue has. */
    int priorities = 1;

    /** Where threads run their calls, by the thread's name; null for on the thread itself. */
    @Nullable
    Function<? super String, ? extends WorkerPlace> places;

    /** How often a call may be run again after its place was lost under it. */
    int retries;

    /** After how many tasks a thread is replaced, or {@link #NEVER}. */
    int recycleAfter = NEVER;

    /** Whether its threads are virtual, if they can be. */
    boolean virtual;

    PoolSettings(String name, int maxThreads, int queueCapacity) {
        this.name = name;
        this.maxThreads = maxThreads;
        this.queueCapacity = queueCapacity;
    }

    private PoolSettings(PoolSettings from) {
        name = from.name;
        minThreads = from.minThreads;
        maxThreads = from.maxThreads;
        queueCapacity = from.queueCapacity;
        idleTimeout = from.idleTimeout;
        onFull = from.onFull;
        grace = from.grace;
        stuckAfter = from.stuckAfter;
        priorities = from.priorities;
        places = from.places;
        retries = from.retries;
        recycleAfter = from.recycleAfter;
        virtual = from.virtual;
    }

    PoolSettings with(Consumer<PoolSettings> change) {
        PoolSettings changed = new PoolSettings(this);
        change.accept(changed);
        return changed;
    }
}
