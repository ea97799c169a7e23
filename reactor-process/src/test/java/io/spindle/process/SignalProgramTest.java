// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.spindle.testkit.LeakCheck;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

/** Where there is no shell, as on Windows. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class SignalProgramTest {

    private final SignalProgram none = new SignalProgram(Path.of("/no/such/shell"));
    private final Logger logger = (Logger) LoggerFactory.getLogger(ChildProcess.class);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final ChildProcess child = spawned();

    private static ChildProcess spawned() {
        return Objects.requireNonNull(Command.of("sleep", "300").spawn().block(GUARD));
    }

    @BeforeEach
    void listen() {
        logged.start();
        logger.addAppender(logged);
    }

    @AfterEach
    void listenNoMore() {
        logger.detachAppender(logged);
        child.dispose();
        child.close().block(GUARD);
    }

    private long warnings() {
        return logged.list.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .count();
    }

    private ProcessHandle handle() {
        return ProcessHandle.of(child.pid()).orElseThrow();
    }

    @Test
    void aKillStopsNobodyAndSaysNothing() {
        Set<ProcessHandle> tree = ProcessTree.stopped(Set.of(handle()), () -> Set.of(handle()), null, none);

        assertThat(tree).containsExactly(handle());
        assertThat(Await.state(child.pid())).isNotEqualTo('T');
        assertThat(warnings()).isZero();
    }

    @Test
    void aSignalThatTheUserWantsIsSaidToBeLost() {
        none.send(Signal.HUP, Set.of(handle()));

        assertThat(child.isAlive()).isTrue();
        assertThat(warnings()).isEqualTo(1);
    }
}
