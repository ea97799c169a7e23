// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.process.ipc.Invitation;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A process of {@link ProcessBuilder}. The JDK has a thread waiting for its end. */
record JdkProcess(Process process) implements Running {

    /** Returns a builder with everything but the pipes. */
    static ProcessBuilder builder(Command command) {
        if (command.argv0() != null || !command.descriptors().isEmpty()) {
            throw new UnsupportedOperationException(
                    "argv0 and descriptor need the native engine, so Java 22 or later and"
                            + " --enable-native-access, see docs/design/process.md; the JDK can do neither, for "
                            + command);
        }
        ProcessBuilder builder = new ProcessBuilder(Sessions.line(command));
        Path directory = command.directory();
        if (directory != null) {
            builder.directory(directory.toFile());
        }
        Map<String, String> environment = builder.environment();
        environment.remove(Invitation.VARIABLE); // it was for this process alone
        if (command.clearEnv()) {
            environment.clear();
        }
        command.environment().forEach((name, value) -> {
            if (value == null) {
                environment.remove(name);
            } else {
                environment.put(name, value);
            }
        });
        redirect(command.stdin().redirect(), builder::redirectInput);
        redirect(command.stdout().redirect(), builder::redirectOutput);
        redirect(command.stderr().redirect(), builder::redirectError);
        return builder.redirectErrorStream(command.stderr().isMerged());
    }

    private static void redirect(@Nullable Redirect to, Consumer<Redirect> setter) {
        if (to != null) {
            setter.accept(to);
        }
    }

    @Override
    public ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    /** The JDK sends two signals itself; others are sent by a program in the background. */
    @Override
    public boolean signal(Signal signal) {
        return switch (signal) {
            case TERM -> handle().destroy();
            case KILL -> handle().destroyForcibly();
            default -> SignalProgram.SHELL.isThere() && isAlive() && sendLater(signal);
        };
    }

    private boolean sendLater(Signal signal) {
        Workers.SIGNAL.schedule(() -> ProcessTree.send(signal, List.of(handle())));
        return true;
    }

    /** It is in the group of this JVM. */
    @Override
    public void signalGroup(Signal signal) {}

    @Override
    public boolean isInItsGroup(ProcessHandle other) {
        return false;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // never fails
    public void onExit(Consumer<ExitStatus> listener) {
        process.onExit().thenAccept(ended -> listener.accept(status()));
    }

    private ExitStatus status() {
        return ExitStatus.ofShellCode(process.exitValue());
    }

    /** The JDK calls listeners on the common pool, and no other can be set. */
    @Override
    public boolean mustBePolled() {
        return true;
    }

    @Override
    public @Nullable ExitStatus poll() {
        return isAlive() ? null : status();
    }
}
