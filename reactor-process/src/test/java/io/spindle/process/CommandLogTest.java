// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import static io.spindle.process.Await.GUARD;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.spindle.testkit.LeakCheck;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

/** What the log tells of each run: a line for its start and one for its end, nothing that is secret. */
@ExtendWith({JvmWarmUp.class, LeakCheck.class})
class CommandLogTest {

    private static final class Lines extends AppenderBase<ILoggingEvent> {

        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
        }

        List<String> of(long pid) {
            return lines.stream()
                    .filter(line -> line.contains("[pid " + pid + "]"))
                    .toList();
        }
    }

    private final Logger logger = (Logger) LoggerFactory.getLogger(ChildProcess.class);
    private final Lines log = new Lines();

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
        logger.setLevel(Level.DEBUG);
    }

    @AfterEach
    void stopListening() {
        logger.setLevel(null);
        logger.setAdditive(true);
        logger.detachAppender(log);
    }

    private static ChildProcess finished(Command command, Engine engine) {
        ChildProcess child =
                Objects.requireNonNull(command.engine(engine).spawn().block(GUARD));
        child.close().block(GUARD);
        return child;
    }

    @EngineTest
    void eachRunIsTwoLinesWithItsProgramItsEndAndItsDuration(Engine engine) {
        ChildProcess exited = finished(Command.shell("exit 3"), engine);
        ChildProcess killed = finished(Command.shell("kill -TERM $$"), engine);

        assertThat(log.of(exited.pid())).hasSize(2);
        assertThat(log.of(exited.pid()).get(0)).isEqualTo("DEBUG [pid " + exited.pid() + "] started /bin/sh");
        assertThat(log.of(exited.pid()).get(1))
                .matches("DEBUG \\[pid " + exited.pid() + "] ended with exit code 3 after PT[\\d.]+S");
        assertThat(log.of(killed.pid()).get(1)).contains("ended with signal TERM after PT");
    }

    @EngineTest
    void nothingThatIsGivenToAProgramIsInTheLog(Engine engine) {
        Command command = Command.of("cat", "--", "-", "plain-argument")
                .secretArgs("secret-argument")
                .env("VARIABLE", "secret-value")
                .stdin(Input.of("secret-input"))
                .exitCodes(code -> true);

        command.engine(engine).exec().block(GUARD);
        Command.of("no-such-program")
                .secretArgs("secret-argument")
                .engine(engine)
                .exec()
                .onErrorComplete()
                .block(GUARD);

        assertThat(log.lines)
                .hasSizeGreaterThanOrEqualTo(2)
                .noneMatch(line -> line.contains("secret") || line.contains("plain-argument"), "tells what was given");
    }
}
