// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.function.Consumer;

/** A process that was started, as its engine knows it. Thread-safe; nothing here blocks. */
interface Running {

    ProcessHandle handle();

    boolean isAlive();

    /**
     * Sends a signal to the process alone.
     *
     * @return false if the process has ended; nothing is sent then, so that no other process with its number is hit
     */
    boolean signal(Signal signal);

    /** Sends a signal to the process group that it leads; does nothing if it leads none or has ended. */
    void signalGroup(Signal signal);

    /** Returns whether {@link #signalGroup} reaches another process. */
    boolean isInItsGroup(ProcessHandle other);

    /** Calls back once, on any thread, when the process has ended, at once if it has. */
    void onExit(Consumer<ExitStatus> listener);
}
