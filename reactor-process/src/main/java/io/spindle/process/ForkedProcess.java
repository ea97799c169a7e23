// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.process.ipc.Channel;
import reactor.core.publisher.Mono;

/**
 * A running child that talks, made by {@link Fork#spawn()}: a {@link ChildProcess} with a {@link Channel}.
 *
 * <pre>
 *   spawn ──► connected ──► messages … ──► disconnected or lost ──► exit ──► close
 * </pre>
 * A child that has disconnected lives on as long as it has something to do; one that died takes its channel with it.
 *
 * @since 0.1.0
 */
public interface ForkedProcess extends ChildProcess {

    /** Returns the channel to the child, which is disposed with this. */
    Channel channel();

    /**
     * The same as {@link #exit()}, but emits when in addition the piped outputs and the channel have ended.
     *
     * @return replayed to late subscribers, never empty, never an error; cancel stops the waiting only
     */
    @Override
    Mono<ExitStatus> close();

    /** Kills the process and its descendants, and closes the pipes and the channel, now and without waiting. */
    @Override
    void dispose();
}
