// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * An immutable description of programs each of which reads what the one before it writes, made by
 * {@link Command#pipe(Command)}. The pipes between them are the system's: no byte goes through this JVM, but where
 * there is no epoll, so that threads copy them.
 *
 * <pre>
 *   {@link Input} ──► stage 1 ──► stage 2 ──► … ──► stage n ──► lines(), output(), exec()
 *                        └ stderr   └ stderr         └ stderr: of each its own
 * </pre>
 * The first stage keeps its stdin and the last its stdout; {@link Command#maxBuffer(long)}, {@link
 * Command#charset(java.nio.charset.Charset)} and {@link Command#maxLine(int, LongLine)} of the last are those of the
 * output. All else is each stage's own: directory, environment, stderr, time-out, accepted exit codes. But a stage that
 * exceeds a limit ends all: it gets its own end, and the others theirs.
 *
 * <p><b>What counts as failure</b> is the rule of a shell's {@code pipefail}: each stage must succeed; but one that is
 * not the last may end by {@link Signal#PIPE}, or with the code 141 by which shells report that, for it has only been
 * told that nobody wants more, as {@code yes} in {@code yes | head -1}. The error is that of the stage that we ended
 * because of a limit, else of the last one that failed. {@link #pipefail(boolean)} switches the rule off.
 *
 * <p>If a stage cannot be started, those before it are killed and nothing is left. Cancelling ends all. Nothing starts
 * before a subscription and each subscription starts new processes. Node has no such thing but a shell's line.
 *
 * @since 0.1.0
 */
public final class Pipeline {

    private final List<Command> stages;
    private final boolean pipefail;

    private Pipeline(List<Command> stages, boolean pipefail) {
        this.stages = List.copyOf(stages);
        this.pipefail = pipefail;
    }

    /** Returns a pipeline of one stage, to which others are added. */
    static Pipeline of(Command first) {
        return new Pipeline(List.of(first), true);
    }

    /**
     * Adds a stage, as {@link Command#pipe(Command)} does.
     *
     * @param next its stdin has been left as it is by default
     * @throws IllegalArgumentException if {@code next} has another stdin, or stdout of the last stage is not a pipe
     */
    public Pipeline pipe(Command next) {
        if (next.stdin() != Input.empty()) {
            throw new IllegalArgumentException(
                    "next must not have a stdin of its own, it reads the stage before it, was " + next);
        }
        if (!last().stdout().isPipe()) {
            throw new IllegalArgumentException(
                    "stdout must be Output.pipe() to be piped, was " + last().stdout() + " for " + last());
        }
        List<Command> longer = new ArrayList<>(stages);
        longer.add(next);
        return new Pipeline(longer, pipefail);
    }

    /**
     * Sets whether a stage before the last makes the run fail when it fails.
     *
     * @param pipefail false: the last stage alone decides, as in a shell without the option. Default: true
     */
    public Pipeline pipefail(boolean pipefail) {
        return new Pipeline(stages, pipefail);
    }

    /**
     * Sets the {@link Command#timeout(Duration)} of each stage, and so of the whole.
     *
     * @param timeout positive, or zero for no limit. Default: that of each stage
     */
    public Pipeline timeout(Duration timeout) {
        Checks.notNegative("timeout", timeout);
        return each(stage -> stage.timeout(timeout));
    }

    /**
     * Runs the programs to their end and collects what the last writes to stdout, and each to stderr.
     * <ul>
     *   <li><b>Signals on</b> the event loop that it is subscribed on, else on
     *       {@link reactor.core.scheduler.Schedulers#parallel()}.
     *   <li><b>Cancel</b> kills the processes and their descendants.
     *   <li><b>Errors</b> with {@link SpawnException} if one cannot be started, with {@link ExecException} if the run
     *       failed, which has {@linkplain ExecException#stages() the results of all}; with the error of a stdin
     *       publisher.
     * </ul>
     *
     * @return a cold {@code Mono}, never empty
     * @throws IllegalArgumentException if stdin of the first stage is {@link Input#pipe()}, which is for {@link #spawn()}
     */
    public Mono<PipelineResult> exec() {
        return Executions.exec(stages, pipefail);
    }

    /**
     * Runs the programs and streams the lines of the last one's stdout, by the rules of {@link Command#lines()} and the
     * errors of {@link #exec()}. A slow subscriber stops the last stage, whose full pipe stops the one before it.
     *
     * @return a cold {@code Flux}
     * @throws IllegalArgumentException if stdout of the last stage is not a pipe, or stdin of the first is
     *     {@link Input#pipe()}
     */
    public Flux<String> lines() {
        return Executions.lines(stages, pipefail);
    }

    /**
     * Runs the programs and streams the bytes of the last one's stdout, by the rules of {@link Command#output()} and
     * the errors of {@link #exec()}.
     *
     * @return a cold {@code Flux}; its subscriber releases each buffer
     * @throws IllegalArgumentException if stdout of the last stage is not a pipe, or stdin of the first is
     *     {@link Input#pipe()}
     */
    public Flux<ByteBuf> output() {
        return Executions.output(stages, pipefail);
    }

    /**
     * Starts the programs.
     * <ul>
     *   <li><b>Signals on</b> the event loop that it is subscribed on, else on
     *       {@link reactor.core.scheduler.Schedulers#parallel()}.
     *   <li><b>Cancel</b> before the value is emitted kills the processes; later, its holder disposes it.
     *   <li><b>Errors</b> with {@link SpawnException} if one cannot be started.
     * </ul>
     *
     * @return a cold {@code Mono} of the running processes, never empty
     */
    public Mono<ChildPipeline> spawn() {
        return Executions.spawn(stages).map(children -> new DefaultChildPipeline(this, children));
    }

    /** Forces an engine: for tests. */
    Pipeline engine(Engine engine) {
        return each(stage -> stage.engine(engine));
    }

    private Pipeline each(UnaryOperator<Command> change) {
        return new Pipeline(stages.stream().map(change).toList(), pipefail);
    }

    private Command last() {
        return stages.get(stages.size() - 1);
    }

    /** Returns the commands, the first one first; unmodifiable. */
    public List<Command> stages() {
        return stages;
    }

    /** Returns the commands for people to read, as one would type them into a shell. */
    @Override
    public String toString() {
        return stages.stream().map(Command::toString).collect(Collectors.joining(" | "));
    }
}
