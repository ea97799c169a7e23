// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.Collection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** A process that was started, as its engine knows it. Thread-safe; nothing here blocks but what says so. */
interface Running {

    ProcessHandle handle();

    boolean isAlive();

    /** Whether the system knows it: it must be ended with this JVM, and can. */
    default boolean isOfTheSystem() {
        return true;
    }

    /**
     * Sends a signal to the process alone.
     *
     * @return false if the process has ended; nothing is sent then, so that no other process with its number is hit
     */
    boolean signal(Signal signal);

    /** Whether it leads a process group. */
    default boolean leadsGroup() {
        return false;
    }

    /** Sends a signal to the process group that it leads; does nothing if it leads none or has ended. */
    void signalGroup(Signal signal);

    /**
     * Stops the process group that it leads, runs an action, which may block, and kills the group: meanwhile its number
     * stays its own although it may end. Only runs the action if it leads none or has ended.
     */
    default void killGroup(Runnable whileStopped) {
        whileStopped.run();
    }

    /** Returns whether {@link #signalGroup} reaches another process. */
    boolean isInItsGroup(ProcessHandle other);

    /** Calls back once, on any thread, when the process has ended, at once if it has. */
    void onExit(Consumer<ExitStatus> listener);

    /** Whether the listener may never be called, so that somebody has to look. */
    default boolean mustBePolled() {
        return false;
    }

    /** Returns how it ended, or null if it has not. */
    default @Nullable ExitStatus poll() {
        return null;
    }

    /** Kills it, the group that it leads, and its descendants. To be called on {@link #worker()}. */
    default void killTree() {
        ProcessTree.kill(this);
    }

    /** Asks all of them to end; returns what kills those that are left. Both are called on {@link #worker()}. */
    default Runnable askTree(Signal signal) {
        Collection<ProcessHandle> tree = ProcessTree.ask(this, signal);
        return () -> {
            killTree(); // with whoever joined its group meanwhile, if it is still there
            ProcessTree.kill(
                    tree.stream().filter(each -> !each.equals(handle())).toList());
        };
    }

    /** Returns where signalling may block. */
    default Scheduler worker() {
        return Workers.SIGNAL;
    }

    /** Returns the time by which its life is measured. */
    default long nanoTime() {
        return System.nanoTime();
    }
}
