// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.spindle.testkit.LeakCheck;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/**
 * Known bugs of process libraries that no other test looks for. The numbers are those of the table in
 * {@code docs/design/process-bugs.md}, which tells where each of the others is tested.
 */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class BugClassesTest {

    private static ChildProcess spawn(Command command) {
        return Objects.requireNonNull(command.spawn().block(GUARD));
    }

    /** 14: zombies. */
    @EngineTest
    void interruptsOfBlockedCallersLeaveNoProcessAndNoZombie(Engine engine) {
        AtomicInteger interrupted = new AtomicInteger();
        Command sleep = Command.of("sleep", "300").engine(engine);
        List<Thread> callers = Stream.generate(() -> new Thread(() -> {
                    try {
                        sleep.exec().block();
                    } catch (RuntimeException e) {
                        interrupted.incrementAndGet();
                    }
                }))
                .limit(20)
                .toList();

        callers.forEach(Thread::start);
        Await.until("some run", () -> descendants() >= 5);
        callers.forEach(Thread::interrupt);

        Await.until("all have been interrupted", () -> interrupted.get() == callers.size());
        Await.until("no process and no zombie is left", () -> descendants() == 0);
    }

    private static long descendants() {
        try (Stream<ProcessHandle> descendants = ProcessHandle.current().descendants()) {
            return descendants.count();
        }
    }

    /** 16: the exit and the end of the output come in any order. */
    @EngineTest
    void theResultIsTheSameWhicheverOfExitAndEndOfOutputComesFirst(Engine engine) {
        List<String> scripts =
                List.of("echo x; exit 3", "echo x; exec >&- 2>&-; sleep 0.2; exit 3", "echo x; sleep 0.2 & exit 3");

        for (String script : scripts) {
            ExecResult result = Objects.requireNonNull(
                    Command.shell(script).exitCodes(3).engine(engine).exec().block(GUARD));

            assertThat(result.stdout()).as(script).isEqualTo("x\n");
            assertThat(result.stderr()).as(script).isEmpty();
            assertThat(result.status().code()).as(script).isEqualTo(3);
        }
    }

    /** 17: system calls that a signal to this JVM interrupts. */
    @EngineTest
    void signalsToThisJvmDoNotDisturbItsChildren(Engine engine) throws ReflectiveOperationException {
        AtomicInteger caught = new AtomicInteger();
        Object before = handle("WINCH", handler(caught));
        try {
            Command storm = Command.shell("while :; do kill -s WINCH \"$1\"; sleep 0.002; done")
                    .args(Long.toString(ProcessHandle.current().pid()))
                    .engine(engine);
            Command echo =
                    Command.of("cat").stdin(Input.of("x".repeat(200_000))).engine(engine);
            ChildProcess raging = spawn(storm);
            Await.until("signals come", () -> caught.get() > 0);

            StepVerifier.create(Flux.range(0, 200)
                            .flatMap(i -> echo.exec(), 4)
                            .filter(result -> result.stdout().length() == 200_000)
                            .count())
                    .expectNext(200L)
                    .expectComplete()
                    .verify(GUARD.multipliedBy(2));

            assertThat(raging.isAlive()).as("signals came all the time").isTrue();
            raging.dispose();
            assertThat(raging.close().block(GUARD)).isNotNull();
        } finally {
            handle("WINCH", before);
        }
    }

    /** The JDK has this, but no class of it may be named without a warning of the compiler. */
    private static Object handler(AtomicInteger counter) throws ReflectiveOperationException {
        InvocationHandler count = (proxy, method, args) -> {
            counter.incrementAndGet();
            return null;
        };
        Class<?> type = Class.forName("sun.misc.SignalHandler");
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, count);
    }

    private static Object handle(String signal, Object handler) throws ReflectiveOperationException {
        Class<?> type = Class.forName("sun.misc.Signal");
        Object which = type.getConstructor(String.class).newInstance(signal);
        return type.getMethod("handle", type, Class.forName("sun.misc.SignalHandler"))
                .invoke(null, which, handler);
    }

    /** 18: a signal to a number that another process may have by now. */
    @EngineTest
    void whatHasEndedGetsNoSignalAndSaysSo(Engine engine) {
        ChildProcess child = spawn(Command.of("true").engine(engine));
        assertThat(child.close().block(GUARD)).matches(ExitStatus::isSuccess);

        for (Signal signal : List.of(Signal.TERM, Signal.KILL, Signal.CONT)) {
            assertThat(child.kill(signal)).as("%s", signal).isFalse();
        }
        assertThat(child.disposeGracefully().block(GUARD)).matches(ExitStatus::isSuccess);
        child.dispose();
    }

    /** 24: an exception of user code on the loop that serves the pipes of others too. */
    @EngineTest
    void aSubscriberThatBreaksTheRulesOnTheLoopEndsItsOwnStreamAlone(Engine engine) {
        AtomicInteger seen = new AtomicInteger();
        Flux<String> other = Command.shell("while read x; do echo $x; done")
                .stdin(Input.ofStrings(Flux.interval(Duration.ofMillis(20))
                        .onBackpressureDrop()
                        .map(i -> i + "\n")
                        .take(20)))
                .engine(engine)
                .lines()
                .doOnSubscribe(subscription -> breakTheRules(Command.of("yes").engine(engine), seen));

        StepVerifier.create(other).expectNextCount(20).expectComplete().verify(GUARD);

        Await.until("the other's own stream has ended, and it", () -> descendants() == 0);
        assertThat(seen).hasValue(1);
    }

    private static void breakTheRules(Command command, AtomicInteger seen) {
        Executions.spawn(List.of(command))
                .subscribe(children ->
                        Objects.requireNonNull(children.get(0).stdoutPipe()).subscribe(new Thrower(seen)));
    }

    private record Thrower(AtomicInteger seen) implements CoreSubscriber<ByteBuf> {

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ByteBuf chunk) {
            chunk.release();
            seen.incrementAndGet();
            throw new IllegalStateException("a subscriber must not throw");
        }

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onComplete() {}
    }
}
