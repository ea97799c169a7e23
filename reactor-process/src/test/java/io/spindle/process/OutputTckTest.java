// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static reactor.core.publisher.Sinks.EmitFailureHandler.FAIL_FAST;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.spindle.testkit.PatientPublisherVerification;
import java.util.List;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Factory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * The rules of Reactive Streams for what a child writes, checked by their own tests: the bare pipe, the public stream of
 * chunks and that of lines, on each engine. The child writes one line for each that it reads, and reads the next one
 * when the last has arrived, so that as many chunks come as were asked for.
 */
public class OutputTckTest extends PatientPublisherVerification<Long> {

    private static final int TIMEOUT_MILLIS = 20_000;
    private static final int SILENCE_MILLIS = 100;

    /** The kit sleeps as long before it looks whether a cancelled subscriber is collected. */
    private static final int COLLECTION_MILLIS = 2_000;

    private static final Command ECHO = Command.shell("while read x; do echo $x; done");

    private final Engine engine;
    private final Function<Command, Flux<?>> use;

    private OutputTckTest(Engine engine, Function<Command, Flux<?>> use) {
        super(new TestEnvironment(TIMEOUT_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS), COLLECTION_MILLIS);
        this.engine = engine;
        this.use = use;
    }

    @Factory
    public static Object[] all() {
        return EngineTest.Engines.all()
                .flatMap(engine ->
                        List.<Function<Command, Flux<?>>>of(OutputTckTest::pipe, Command::output, Command::lines)
                                .stream()
                                .map(use -> new OutputTckTest(engine, use)))
                .toArray();
    }

    private static Flux<ByteBuf> pipe(Command command) {
        return Executions.spawn(List.of(command)).flatMapMany(children -> {
            DefaultChildProcess child = children.get(0);
            OutputPipe pipe = child.stdoutPipe();
            assert pipe != null;
            return pipe.doFinally(signal -> child.dispose());
        });
    }

    @Override
    public Publisher<Long> createPublisher(long elements) {
        return Flux.defer(() -> {
            Sinks.Many<String> lines = Sinks.many().unicast().onBackpressureBuffer();
            next(lines, elements);
            return use.apply(ECHO.engine(engine).stdin(Input.ofStrings(lines.asFlux())))
                    .doOnNext(ReferenceCountUtil::release)
                    .index((index, chunk) -> index + 1)
                    .doOnNext(arrived -> next(lines, elements - arrived));
        });
    }

    private static void next(Sinks.Many<String> lines, long left) {
        if (left > 0) {
            lines.emitNext("x\n", FAIL_FAST);
        } else {
            lines.emitComplete(FAIL_FAST);
        }
    }

    @Override
    public Publisher<Long> createFailedPublisher() {
        return use.apply(Command.of("no-such-program-here").engine(engine)).map(chunk -> 0L);
    }
}
