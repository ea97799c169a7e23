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
        long limit = child.command().maxBuffer();
        Runnable overflow = child.command().failsOnLongOutput()
                ? () -> child.endBecause(ExecException.Reason.MAX_BUFFER)
                : () -> {};
        return Mono.zip(
                        Capture.head(child.stdoutPipe(), limit, overflow),
                        Capture.head(child.stderrPipe(), limit, overflow),
                        child.closed())
                .map(all -> result(child, all.getT1(), all.getT2(), all.getT3()));
    }

    static Flux<String> lines(List<Command> stages, boolean pipefail) {
        checkFed(stages.get(0));
        checkPiped(last(stages));
        Flux<String> lines =
                run(stages, children -> streamed(children, pipefail, pipe -> linesOf(last(children), pipe)));
        return Homecoming.bring(lines);
    }

    private static Flux<String> linesOf(DefaultChildProcess child, @Nullable Flux<ByteBuf> chunks) {
        if (chunks == null) {
            return Flux.empty();
        }
        LineSplitter splitter = LineSplitter.of(child.command(), child::endBecause);
        return chunks.map(splitter::feed)
                .concatWith(Mono.fromSupplier(splitter::end))
                .concatMapIterable(Function.<List<String>>identity(), 1);
    }

    static Flux<ByteBuf> output(List<Command> stages, boolean pipefail) {
        checkFed(stages.get(0));
        checkPiped(last(stages));
        Flux<ByteBuf> output = run(stages, children -> streamed(children, pipefail, pipe -> pipe));
        return Flux.deferContextual(context -> Homecoming.bringChunks(
                home -> FakeEngine.of(stages, context) == null && home.netty().isCompatible(EpollIoHandle.class),
                output));
    }

    static Flux<ProcessEvent> events(Command command) {
        checkFed(command);
        return Homecoming.bring(run(List.of(command), children -> {
            DefaultChildProcess child = children.get(0);
            Flux<ProcessEvent> out = linesOf(child, child.stdoutPipe()).map(ProcessEvent.Out::new);
            Flux<ProcessEvent> err = linesOf(child, child.stderrPipe()).map(ProcessEvent.Err::new);
            return Flux.<ProcessEvent>just(new ProcessEvent.Started(child))
                    .concatWith(Flux.merge(out, err))
                    .concatWith(child.closed().flatMap(status -> exited(child, status)));
        }));
    }

    private static Mono<ProcessEvent> exited(DefaultChildProcess child, ExitStatus status) {
        ExecException.Reason ours = child.reason();
        if (child.failure() == null && ours == null) {
            return Mono.just(new ProcessEvent.Exited(status));
        }
        ExecResult result = result(child, Capture.empty(), Capture.empty(), status);
        return outcome(List.of(child), List.of(result), true).cast(ProcessEvent.class);
    }

    private static void checkFed(Command command) {
        if (command.stdin().isPipe()) {
            throw new IllegalStateException("stdin Input.pipe() is for spawn(), nobody else can write it: " + command);
        }
    }

    private static void checkPiped(Command command) {
        if (!command.stdout().isPipe()) {
            throw new IllegalStateException("stdout must be Output.pipe() to be streamed, for " + command);
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
        return new ExecResult(stdout.text(command.charset()), stderr.text(command.charset()), status, child.age());
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
        ExecException.Reason ours = child.reason();
        ExitStatus status = results.get(failed).status();
        return Mono.error(
                new ExecException(child.command(), results, failed, ours == null ? unexpected(status) : ours));
    }

    /** Returns the stage that is to blame: one that we ended, else the last one that failed, else -1. */
    private static int failed(List<DefaultChildProcess> children, List<ExecResult> results, boolean pipefail) {
        int last = children.size() - 1;
        return IntStream.range(0, children.size())
                .filter(i -> children.get(i).reason() != null)
                .findFirst()
                .orElseGet(() -> IntStream.iterate(last, i -> i >= (pipefail ? 0 : last), i -> i - 1)
                        .filter(i -> !succeeded(
                                children.get(i).command(), results.get(i).status(), i == last))
                        .findFirst()
                        .orElse(-1));
    }

    private static boolean succeeded(Command command, ExitStatus status, boolean last) {
        return command.accepts(status) || (!last && status.code() == ExitStatus.BROKEN_PIPE_CODE);
    }

    private static ExecException.Reason unexpected(ExitStatus status) {
        return status.signal().isPresent() ? ExecException.Reason.SIGNAL : ExecException.Reason.EXIT_CODE;
    }

    private static <T> T last(List<T> stages) {
        return stages.get(stages.size() - 1);
    }
}
