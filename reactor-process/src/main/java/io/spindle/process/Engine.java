// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How a program is launched, how its pipes are read and written, and how its end is noticed. */
interface Engine {

    /** Returns whether the pipes of this engine can be served by {@code loop}. */
    boolean canUse(IoEventLoop loop);

    /**
     * Starts the program; blocks. When it throws, nothing is left open.
     *
     * @param loop what confines the pipes; nothing is registered yet
     */
    Launched launch(Command command, IoEventLoop loop) throws IOException;

    /** A program that was started, and our ends of its pipes. */
    interface Launched {

        ProcessHandle handle();

        /** Null where there is no pipe. */
        @Nullable
        InputPipe stdin();

        @Nullable
        OutputPipe stdout();

        @Nullable
        OutputPipe stderr();

        /** Calls back once, on any thread, when the process has ended. */
        void onExit(Consumer<ExitStatus> listener);
    }
}
