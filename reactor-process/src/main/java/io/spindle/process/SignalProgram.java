// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the signals that the JDK does not know, by the {@code kill} of a shell, if there is one: Windows has none. */
final class SignalProgram {

    static final SignalProgram SHELL = new SignalProgram(Path.of("/bin/sh"));

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);
    private static final long PATIENCE_SECONDS = 5;

    private final Path shell;
    private final boolean there;

    SignalProgram(Path shell) {
        this.shell = shell;
        there = Files.isExecutable(shell);
    }

    boolean isThere() {
        return there;
    }

    /** Sends a signal to each that is alive; blocks. */
    void send(Signal signal, Collection<ProcessHandle> targets) {
        List<String> line =
                new ArrayList<>(List.of(shell.toString(), "-c", "kill -s \"$0\" \"$@\"", signal.shellName()));
        int fixed = line.size();
        targets.stream().filter(ProcessHandle::isAlive).forEach(each -> line.add(Long.toString(each.pid())));
        if (line.size() == fixed) {
            return;
        }
        if (!there) {
            log.warn("cannot send {} to {}: that needs {}", signal, targets, shell);
            return;
        }
        try {
            Process kill = new ProcessBuilder(line)
                    .redirectInput(Redirect.from(new File("/dev/null")))
                    .redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                kill.destroyForcibly();
            }
        } catch (IOException e) {
            log.warn("cannot send {} to {}", signal, targets, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
