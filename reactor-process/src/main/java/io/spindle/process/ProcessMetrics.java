// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.loop.DurationHistogram;

/**
 * What the programs have done that this JVM has started through Spindle, and what they are, at one moment. A snapshot,
 * immutable; what counts up starts with the JVM. {@code spawned} is the sum of {@code running}, {@code exited}, {@code
 * failed} and {@code killed}. Each stage of a {@link Pipeline} counts, each {@link Fork} does, and so do
 * {@link FakePrograms}.
 *
 * @param running processes that have not ended
 * @param spawned processes started
 * @param failedSpawns starts that failed with a {@link SpawnException}; a {@link Pipeline} is one start
 * @param exited processes that ended by themselves with a code that {@link Command#exitCodes(int...)} accepts, 0 by
 *     default; a stage that is not the last may also have been told by {@link Signal#PIPE} that nobody reads it
 * @param failed processes that ended by themselves with another code or by a signal of somebody else
 * @param killed processes that were asked to end before they had, however they then did: by a cancel, a limit, {@link
 *     ChildProcess#dispose()} or {@link ChildProcess#disposeGracefully()}; and those that a signal ended after {@link
 *     ChildProcess#kill(Signal)}
 * @param runTimes how long those that have ended ran, from their start to their exit
 * @param readBytes bytes of stdout and stderr that came here, wanted or not
 * @param writtenBytes bytes written to stdin
 * @param pauses how often output, or its end, waited in its pipe because its subscriber had not asked for more: an
 *     estimate, for nothing is read to find out. Not known where threads read the pipes, nor while a late subscriber has
 *     not taken what was read before it came
 * @since 0.1.0
 */
public record ProcessMetrics(
        long running,
        long spawned,
        long failedSpawns,
        long exited,
        long failed,
        long killed,
        DurationHistogram runTimes,
        long readBytes,
        long writtenBytes,
        long pauses) {

    /** Takes a snapshot. Costs some microseconds, blocks nobody; what happens just now may be in it or not. */
    public static ProcessMetrics snapshot() {
        return ProcessCounters.ALL.snapshot();
    }
}
