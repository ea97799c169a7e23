// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import io.spindle.loop.EventLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** How programs are launched, how their pipes are read and written, and how their end is noticed. */
interface Engine {

    /** Returns whether the pipes of this engine can be served by {@code loop}. */
    boolean canUse(IoEventLoop loop);

    /** Returns the loop that is to serve the pipes of one launch. */
    default IoEventLoop loop(@Nullable EventLoop home) {
        return PipeLoops.choose(home, this);
    }

    /** Returns where launches may block. */
    default Scheduler launcher() {
        return Workers.LAUNCH;
    }

    /**
     * Starts the stages of a pipeline, each of which reads what the one before it writes; a command alone is one
     * stage. Blocks. When it throws, nothing is left open and nothing runs.
     *
     * @param loop what confines our ends of the pipes; nothing is registered yet
     */
    List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException;
}
