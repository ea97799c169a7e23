// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

/** In virtual time, of a process whose end nobody tells. */
class ExitWatchTest {

    private static final ExitStatus ENDED = ExitStatus.ofShellCode(3);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final FakeLoop loop = new FakeLoop(time);
    private final List<ExitStatus> told = new ArrayList<>();
    private boolean isTold; // by its engine
    private int looks;
    private @Nullable ExitStatus status;
    private final ExitWatch watch = new ExitWatch(loop, process(), told::add);

    private Running process() {
        return (Running) Proxy.newProxyInstance(
                Running.class.getClassLoader(),
                new Class<?>[] {Running.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "mustBePolled" -> !isTold;
                    case "poll" -> {
                        looks++;
                        yield status;
                    }
                    default -> throw new AssertionError(method);
                });
    }

    private void pass(long millis) {
        time.advanceTimeBy(Duration.ofMillis(millis));
    }

    @Test
    void itsEndIsSeenWithinASecond() {
        loop.execute(watch::lookSeldom);
        pass(2500);
        assertThat(told).isEmpty();

        status = ENDED;
        pass(1000);

        assertThat(told).containsExactly(ENDED);
        int before = looks;
        pass(10_000);
        assertThat(looks).as("nobody looks any more").isEqualTo(before);
    }

    @Test
    void afterTheEndOfItsOutputsItIsSeenAlmostAtOnce() {
        loop.execute(watch::lookSeldom);
        pass(500);
        loop.execute(watch::lookOften);
        pass(1);
        assertThat(told).isEmpty();

        status = ENDED;
        pass(2);

        assertThat(told).containsExactly(ENDED);
    }

    @Test
    void itIsLookedAtLessAndLessOftenThenEverySecond() {
        loop.execute(watch::lookOften);
        pass(1023);
        assertThat(looks).isEqualTo(14);

        pass(10_000);

        assertThat(looks).isEqualTo(24);
    }

    @Test
    void whatIsToldAndSeenIsPassedOnOnce() {
        status = ENDED;
        loop.execute(watch::lookOften);
        pass(0);
        watch.tell(ENDED);

        assertThat(told).containsExactly(ENDED);
    }

    @Test
    void afterAStopAndWhereTheEngineTellsNobodyLooks() {
        loop.execute(watch::lookSeldom);
        pass(0);
        loop.execute(watch::stop);
        isTold = true;
        loop.execute(watch::lookSeldom);
        loop.execute(watch::lookOften);
        pass(5000);

        assertThat(looks).isZero();
    }
}
