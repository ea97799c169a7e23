// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import io.spindle.loop.Timeout;
import io.spindle.offload.worker.Worker;
import io.spindle.offload.worker.WorkerSpec;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Computes on a worker thread while the loop goes on. */
@Command(
        name = "worker-fibonacci",
        description = "Computes a Fibonacci number on a worker thread and prints it.",
        mixinStandardHelpOptions = true)
final class WorkerFibonacci implements Callable<Integer> {

    private static final int MAX = 60;
    private static final Duration TICK = Duration.ofMillis(20);

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "N",
            defaultValue = "40",
            description = "Which number, from 0 to " + MAX + ". Default: ${DEFAULT-VALUE}")
    private int number;

    @Option(names = "--ticks", description = "Show how often the loop ticked meanwhile.")
    private boolean ticks;

    @Override
    public Integer call() {
        if ((number < 0 || number > MAX) && spec != null) {
            throw new ParameterException(spec.commandLine(), "N must be from 0 to " + MAX + ", was " + number);
        }
        return EventLoop.run(loop -> {
            AtomicLong ticked = new AtomicLong();
            Timeout ticker = loop.setInterval(TICK, ticked::incrementAndGet);
            Worker<Object, Long> worker = WorkerSpec.<Object, Long>of(
                            context -> context.parentPort().postMessage(fibonacci(context.workerData(Integer.class))))
                    .workerData(number)
                    .start();
            worker.messages().subscribe(System.out::println);
            worker.exit().subscribe(code -> {
                ticker.dispose();
                if (ticks) {
                    System.out.println(
                            "the loop ticked " + ticked.get() + " times meanwhile, every " + TICK.toMillis() + " ms");
                }
                if (code != 0) {
                    loop.exit(code);
                }
            });
        });
    }

    /** The definition in Node's article, which begins with 1, 1: so 40 gives 165580141. */
    static long fibonacci(int n) {
        return n <= 1 ? 1 : fibonacci(n - 1) + fibonacci(n - 2);
    }
}
