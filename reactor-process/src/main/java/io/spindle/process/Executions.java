// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.epoll.EpollIoHandle;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks;

/** The ways to run a pipeline, or a command, which is one stage: each is a launch and what is made of its processes. */
final class Executions {

    private Executions() {}

    static Mono<List<DefaultChildProcess>> spawn(List<Command> stages) {
        return Mono.defer(() -> {
            Launch launch = new Launch(stages);
            return Homecoming.bring(launch.start())
                    .filter(children -> launch.handOver())
                    .doFinally(signal -> launch.dispose());
        });
    }

    static Mono<PipelineResult> exec(List<Command> stages, boolean pipefail) {
        checkFed(stages.get(0));
        return Homecoming.bring(
                run(stages, children -> collect(children, pipefail)).single());
    }

    private static Mono<PipelineResult> collect(List<DefaultChildProcess> children, boolean pipefail) {
        return results(children.stream().map(Executions::collect).toList())
                .flatMap(results -> outcome(children, results, pipefail));
    }

    private static Mono<ExecResult> collect(DefaultChildProcess child) {
        Command command = child.command();
        return Mono.zip(
                        head(child, child.stdoutPipe(), command.stdoutRules()),
                        head(child, child.stderrPipe(), command.stderrRules()),
                        child.closed())
                .map(all -> result(child, all.getT1(), all.getT2(), all.getT3()));
    }

    private static Mono<Capture> head(DefaultChildProcess child, @Nullable OutputPipe pipe, OutputRules rules) {
        Runnable overflow =
                rules.longOutput() == LongOutput.FAIL ? () -> child.endBecause(Exceeded.maxBuffer(rules)) : () -> {};
        return Capture.head(pipe, rules.maxBufferBytes(), overflow);
    }

    static Flux<String> lines(List<Command> stages, boolean pipefail) {
        checkFed(stages.get(0));
        checkPiped(last(stages));
        OutputRules rules = last(stages).stdoutRules();
        return apart(bringLarge(
                stages,
                run(stages, children -> streamed(children, pipefail, pipe -> linesOf(last(children), pipe, rules)))));
    }

    /** Lines go from thread to thread as they came, all of a chunk in one signal, and are told apart where they arrive. */
    private static Flux<String> apart(Flux<List<String>> lines) {
        return lines.concatMapIterable(Function.identity(), 1);
    }

    private static <T> Flux<T> bringLarge(List<Command> stages, Flux<T> source) {
        return Flux.deferContextual(context -> Homecoming.bringLarge(
                home -> FakeEngine.of(stages, context) == null && home.netty().isCompatible(EpollIoHandle.class),
                source));
    }

    private static Flux<List<String>> linesOf(
            DefaultChildProcess child, @Nullable Flux<ByteBuf> chunks, OutputRules rules) {
        if (chunks == null) {
            return Flux.empty();
        }
        LineSplitter splitter = LineSplitter.of(rules, () -> child.endBecause(Exceeded.maxLine(rules)));
        return chunks.map(splitter::feed).concatWith(Mono.fromSupplier(splitter::end));
    }

    static Flux<ByteBuf> output(List<Command> stages, boolean pipefail) {
        checkFed(stages.get(0));
        checkPiped(last(stages));
        return bringLarge(stages, run(stages, children -> streamed(children, pipefail, pipe -> pipe)));
    }

    static Flux<ProcessEvent> events(Command command) {
        checkFed(command);
        return Homecoming.bring(run(List.of(command), children -> {
            DefaultChildProcess child = children.get(0);
            Flux<ProcessEvent> out = apart(linesOf(child, child.stdoutPipe(), command.stdoutRules()))
                    .map(ProcessEvent.Out::new);
            Flux<ProcessEvent> err = apart(linesOf(child, child.stderrPipe(), command.stderrRules()))
                    .map(ProcessEvent.Err::new);
            return Flux.<ProcessEvent>just(new ProcessEvent.Started(child))
                    .concatWith(Flux.merge(out, err))
                    .concatWith(child.closed().flatMap(status -> exited(child, status)));
        }));
    }

    private static Mono<ProcessEvent> exited(DefaultChildProcess child, ExitStatus status) {
        if (child.failure() == null && child.exceeded() == null) {
            return Mono.just(new ProcessEvent.Exited(status));
        }
        ExecResult result = result(child, Capture.empty(), Capture.empty(), status);
        return outcome(List.of(child), List.of(result), true).cast(ProcessEvent.class);
    }

    private static void checkFed(Command command) {
        if (command.stdin().isPipe()) {
            throw new IllegalArgumentException(
                    "stdin must not be Input.pipe(), which is for spawn() and nobody could write here, was that for "
                            + command);
        }
    }

    private static void checkPiped(Command command) {
        if (!command.stdout().isPipe()) {
            throw new IllegalArgumentException(
                    "stdout must be Output.pipe() to be streamed, was " + command.stdout() + " for " + command);
        }
    }

    /** What is made of the last stdout; then an error if the run failed. Stderr is read meanwhile, and its end kept. */
    private static <T> Flux<T> streamed(
            List<DefaultChildProcess> children, boolean pipefail, Function<Flux<ByteBuf>, Flux<T>> use) {
        OutputPipe stdout = last(children).stdoutPipe();
        assert stdout != null;
        Mono<T> outcome = results(children.stream().map(Executions::watch).toList())
                .flatMap(results -> outcome(children, results, pipefail))
                .then(Mono.empty());
        return use.apply(stdout).concatWith(outcome);
    }

    private static Mono<ExecResult> watch(DefaultChildProcess child) {
        Sinks.One<Capture> stderr = Sinks.one();
        Capture.tail(child.stderrPipe()).subscribe(stderr::tryEmitValue, stderr::tryEmitError);
        return Mono.zip(stderr.asMono(), child.closed())
                .map(end -> result(child, Capture.empty(), end.getT1(), end.getT2()));
    }

    private static Mono<List<ExecResult>> results(List<Mono<ExecResult>> stages) {
        return Mono.zip(
                stages,
                results -> Arrays.stream(results).map(ExecResult.class::cast).toList());
    }

    private static ExecResult result(DefaultChildProcess child, Capture stdout, Capture stderr, ExitStatus status) {
        Command command = child.command();
        return new ExecResult(
                stdout.text(command.stdoutRules().charset()),
                stderr.text(command.stderrRules().charset()),
                status,
                child.age(),
                stdout.isTruncated() || stderr.isTruncated(),
                child.isInputCut());
    }

    /** Runs the stages and whatever is made of them; when that fails or is cancelled, the processes are disposed. */
    private static <T> Flux<T> run(List<Command> stages, Function<List<DefaultChildProcess>, Publisher<T>> use) {
        return Flux.defer(() -> {
            Launch launch = new Launch(stages);
            return launch.start()
                    .flatMapMany(children -> {
                        children.forEach(child -> {
                            child.limitOutput(child.command().drain());
                            child.drainWhenCancelled();
                        });
                        return use.apply(children);
                    })
                    .doFinally(
                            signal -> { // after the cancel has reached the pipes, so that they end in silence
                                if (signal != SignalType.ON_COMPLETE) {
                                    launch.dispose();
                                }
                            });
        });
    }

    private static Mono<PipelineResult> outcome(
            List<DefaultChildProcess> children, List<ExecResult> results, boolean pipefail) {
        Throwable failure = children.get(0).failure();
        if (failure != null) {
            return Mono.error(failure);
        }
        int failed = failed(children, results, pipefail);
        if (failed < 0) {
            return Mono.just(new PipelineResult(results));
        }
        DefaultChildProcess child = children.get(failed);
        return Mono.error(new ExecException(child.command(), results, failed, child.exceeded()));
    }

    /** Returns the stage that is to blame: one that we ended, else the last one that failed, else -1. */
    private static int failed(List<DefaultChildProcess> children, List<ExecResult> results, boolean pipefail) {
        int last = children.size() - 1;
        return IntStream.range(0, children.size())
                .filter(i -> children.get(i).exceeded() != null)
                .findFirst()
                .orElseGet(() -> IntStream.iterate(last, i -> i >= (pipefail ? 0 : last), i -> i - 1)
                        .filter(i -> !succeeded(
                                children.get(i).command(), results.get(i).status(), i == last))
                        .findFirst()
                        .orElse(-1));
    }

    /** Whether the end of a stage is a good one: those before the last may be told that nobody reads them. */
    static boolean succeeded(Command command, ExitStatus status, boolean last) {
        return command.accepts(status) || (!last && status.code() == ExitStatus.BROKEN_PIPE_CODE);
    }

    private static <T> T last(List<T> stages) {
        return stages.get(stages.size() - 1);
    }
}
