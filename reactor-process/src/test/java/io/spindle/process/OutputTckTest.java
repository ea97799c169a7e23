// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static reactor.core.publisher.Sinks.EmitFailureHandler.FAIL_FAST;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.spindle.testkit.PatientPublisherVerification;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Factory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * The rules of Reactive Streams for what a child writes, checked by their own tests: the bare pipe and every public stream.
 * The child writes one line for each that it reads, and reads the next one
 * when the last has arrived, so that as many chunks come as were asked for.
 */
public class OutputTckTest extends PatientPublisherVerification<Long> {

    private static final int TIMEOUT_MILLIS = 20_000;
    private static final int SILENCE_MILLIS = 100;

    /** The kit sleeps as long before it looks whether a cancelled subscriber is collected. */
    private static final int COLLECTION_MILLIS = 1_000;

    private static final Command ECHO = Command.shell("while read x; do echo $x; done");

    private static final Command ECHO_TO_STDERR = Command.shell("while read x; do echo $x >&2; done");

    /** A way to what a child writes: a program that echoes there, and the stream. */
    private record Use(Command echo, Function<Command, Flux<?>> stream) {}

    private static final List<Use> ON_EACH_ENGINE =
            List.of(new Use(ECHO, OutputTckTest::pipe), new Use(ECHO, Command::output), new Use(ECHO, Command::lines));

    /** Made of the same pipes by operators that know no engine. */
    private static final List<Use> ON_ONE_ENGINE_EACH = List.of(
            new Use(ECHO, command -> command.events().ofType(ProcessEvent.Out.class)),
            new Use(ECHO, command -> ofChild(command, ChildProcess::stdout)),
            new Use(ECHO_TO_STDERR, command -> ofChild(command, ChildProcess::stderr)),
            new Use(ECHO, command -> command.pipe(Command.of("cat")).output()),
            new Use(ECHO, command -> command.pipe(Command.of("cat")).lines()));

    private final Engine engine;
    private final Use use;

    private OutputTckTest(Engine engine, Use use) {
        super(new TestEnvironment(TIMEOUT_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS), COLLECTION_MILLIS);
        this.engine = engine;
        this.use = use;
    }

    @Factory
    public static Object[] all() {
        List<Engine> engines = EngineTest.Engines.all().toList();
        return Stream.concat(
                        engines.stream()
                                .flatMap(engine -> ON_EACH_ENGINE.stream().map(use -> new OutputTckTest(engine, use))),
                        IntStream.range(0, ON_ONE_ENGINE_EACH.size())
                                .mapToObj(i ->
                                        new OutputTckTest(engines.get(i % engines.size()), ON_ONE_ENGINE_EACH.get(i))))
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

    private static Flux<ByteBuf> ofChild(Command command, Function<ChildProcess, Flux<ByteBuf>> output) {
        return command.spawn().flatMapMany(child -> output.apply(child).doFinally(signal -> child.dispose()));
    }

    @Override
    public Publisher<Long> createPublisher(long elements) {
        return Flux.defer(() -> {
            Sinks.Many<String> lines = Sinks.many().unicast().onBackpressureBuffer();
            next(lines, elements);
            return use.stream
                    .apply(use.echo().engine(engine).stdin(Input.ofStrings(lines.asFlux())))
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
        return use.stream
                .apply(Command.of("no-such-program-here").engine(engine))
                .map(chunk -> 0L);
    }
}
