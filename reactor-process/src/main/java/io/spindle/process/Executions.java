// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks;

/** The ways to run a command: each is a launch and what is made of its process. */
final class Executions {

    private Executions() {}

    static Mono<ChildProcess> spawn(Command command) {
        return Mono.defer(() -> {
            Launch launch = new Launch(command);
            return Homecoming.bring(launch.start())
                    .filter(child -> launch.handOver())
                    .cast(ChildProcess.class)
                    .doFinally(signal -> launch.dispose());
        });
    }

    static Mono<ExecResult> exec(Command command) {
        return Homecoming.bring(run(command, Executions::collect).single());
    }

    private static Mono<ExecResult> collect(DefaultChildProcess child) {
        Command command = child.command();
        Runnable overflow = () -> child.endBecause(ExecException.Reason.MAX_BUFFER);
        return Mono.zip(
                        Capture.head(child.stdoutPipe(), command.maxBuffer(), overflow),
                        Capture.head(child.stderrPipe(), command.maxBuffer(), overflow),
                        child.closed())
                .flatMap(all -> outcome(child, all.getT1(), all.getT2(), all.getT3()));
    }

    static Flux<String> lines(Command command) {
        checkPiped(command);
        Flux<String> lines = run(command, child -> streamed(child, pipe -> linesOf(child, pipe)));
        return Homecoming.bring(lines);
    }

    private static Flux<String> linesOf(DefaultChildProcess child, Flux<ByteBuf> chunks) {
        LineSplitter splitter = LineSplitter.of(child.command(), child::endBecause);
        return chunks.map(splitter::feed)
                .concatWith(Mono.fromSupplier(splitter::end))
                .concatMapIterable(Function.<List<String>>identity(), 1);
    }

    static Flux<ByteBuf> output(Command command) {
        checkPiped(command);
        Flux<ByteBuf> output = run(command, child -> streamed(child, pipe -> pipe));
        return Homecoming.bringChunks(home -> command.engine().canUse(home.netty()), output);
    }

    private static void checkPiped(Command command) {
        if (!command.stdout().isPipe()) {
            throw new IllegalStateException("stdout must be Output.pipe() to be streamed, for " + command);
        }
    }

    /** What is made of stdout; then an error if the run failed. Stderr is read meanwhile, and its end kept. */
    private static <T> Flux<T> streamed(DefaultChildProcess child, Function<Flux<ByteBuf>, Flux<T>> use) {
        OutputPipe stdout = child.stdoutPipe();
        assert stdout != null;
        Sinks.One<Capture> stderr = Sinks.one();
        Capture.tail(child.stderrPipe()).subscribe(stderr::tryEmitValue, stderr::tryEmitError);
        Mono<T> outcome = Mono.zip(stderr.asMono(), child.closed())
                .flatMap(end -> outcome(child, Capture.empty(), end.getT1(), end.getT2()))
                .then(Mono.empty());
        return use.apply(stdout).concatWith(outcome);
    }

    /** Runs a command and whatever is made of it; when that fails or is cancelled, the process is disposed. */
    private static <T> Flux<T> run(Command command, Function<DefaultChildProcess, Publisher<T>> use) {
        return Flux.defer(() -> {
            Launch launch = new Launch(command);
            return launch.start()
                    .flatMapMany(child -> {
                        child.limitOutput(command.drain());
                        return use.apply(child);
                    })
                    .doFinally(
                            signal -> { // after the cancel has reached the pipes, so that they end in silence
                                if (signal != SignalType.ON_COMPLETE) {
                                    launch.dispose();
                                }
                            });
        });
    }

    private static Mono<ExecResult> outcome(
            DefaultChildProcess child, Capture stdout, Capture stderr, ExitStatus status) {
        Throwable failure = child.failure();
        if (failure != null) {
            return Mono.error(failure);
        }
        Command command = child.command();
        ExecResult result =
                new ExecResult(stdout.text(command.charset()), stderr.text(command.charset()), status, child.age());
        ExecException.Reason reason = reason(child, status);
        return reason == null ? Mono.just(result) : Mono.error(new ExecException(command, result, reason));
    }

    private static ExecException.@Nullable Reason reason(DefaultChildProcess child, ExitStatus status) {
        ExecException.Reason ours = child.reason();
        if (ours != null) {
            return ours;
        }
        if (child.command().accepts(status)) {
            return null;
        }
        return status.signal().isPresent() ? ExecException.Reason.SIGNAL : ExecException.Reason.EXIT_CODE;
    }
}
