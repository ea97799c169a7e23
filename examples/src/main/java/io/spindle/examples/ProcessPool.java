// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import io.spindle.offload.Distance;
import io.spindle.offload.Task;
import io.spindle.offload.WorkerPool;
import io.spindle.offload.WorkerPoolSpec;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Tasks in JVMs of their own: one that ends its JVM is an error of that task alone. */
@Command(
        name = "process-pool",
        description = "Computes Fibonacci numbers in JVMs of their own, of which one is ended by its task.",
        mixinStandardHelpOptions = true)
final class ProcessPool implements Callable<Integer> {

    private static final int TASKS = 6;
    private static final int FATAL = 3;
    private static final int FIRST = 30;
    private static final int EXIT_CODE = 7;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--workers", defaultValue = "2", description = "How many JVMs. Default: ${DEFAULT-VALUE}")
    private int workers;

    /** Computes one number, or ends its JVM in the middle of that. */
    static final class Fibonacci implements Task<Integer, Long> {

        @Override
        public Long run(Integer n) {
            if (n == FIRST + FATAL) {
                System.exit(EXIT_CODE);
            }
            return WorkerFibonacci.fibonacci(n);
        }
    }

    @Override
    public Integer call() {
        if (workers < 1 && spec != null) {
            throw new ParameterException(spec.commandLine(), "--workers must be at least 1, was " + workers);
        }
        WorkerPool pool = WorkerPoolSpec.of("far")
                .threads(0, workers)
                .distance(Distance.PROCESS)
                .jvmArgs("-Xmx64m")
                .start();
        return EventLoop.run(loop -> Flux.range(FIRST, TASKS)
                .flatMapSequential(n -> number(pool, n))
                .doFinally(end -> loop.adopt(pool.disposeGracefully()).subscribe())
                .subscribe(System.out::println));
    }

    private static Mono<String> number(WorkerPool pool, int n) {
        return pool.run(Fibonacci.class, n)
                .map(value -> "fibonacci(" + n + ") = " + value)
                .onErrorResume(error -> Mono.just("fibonacci(" + n + ") is lost: " + error.getMessage()));
    }
}
