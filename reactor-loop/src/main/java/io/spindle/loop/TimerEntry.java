// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import org.jspecify.annotations.Nullable;

/** A place in the {@link TimerLists}: linked while it waits, linked to itself otherwise. Everything here is loop only. */
abstract class TimerEntry implements Runnable {

    TimerEntry previous = this;
    TimerEntry next = this;

    TimerLists.@Nullable DurationList list;

    long startNanos;
    boolean referenced = true;

    /** Runs the callback; the entry is already unlinked and may link itself again. */
    @Override
    public abstract void run();

    /** Whether it arms itself again after each run. */
    abstract boolean repeats();

    /** Nothing that repeats goes on: it reads as disposed from now on. */
    abstract void stopped();

    boolean isLinked() {
        return list != null;
    }
}
