// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The values of a command; changed only while a new command is made of them. */
final class CommandDraft {

    List<String> line;

    /** The indexes of what is not to be shown. */
    final BitSet secrets = new BitSet();

    @Nullable
    String argv0;

    /** What the child gets above its standard streams, by its numbers there. */
    Map<Integer, FileDescriptor> descriptors = Map.of();

    @Nullable
    Path directory;

    final Map<String, @Nullable String> environment = new LinkedHashMap<>();
    boolean clearEnvironment;
    Input stdin = Input.empty();
    Output stdout = Output.pipe();
    Output stderr = Output.pipe();
    Duration timeout = Duration.ZERO;
    Duration idleTimeout = Duration.ZERO;
    Duration grace = Duration.ofSeconds(5);
    Duration drain = Duration.ofSeconds(2);
    Signal killSignal = Signal.TERM;

    /** What follows the first signal and its grace. */
    List<Escalation> escalations = List.of();

    boolean cancelGracefully;

    /** For both outputs, but for what one of them says itself. */
    OutputRules rules = OutputRules.DEFAULT;

    IntPredicate exitCodes = code -> code == 0;
    boolean detached;

    /** It ends by itself when its channel to this JVM does, and may have something to do before. */
    boolean endsWithChannel;

    @Nullable
    ProcessLimit limit;

    @Nullable
    Engine engine;

    /** A further signal of a graceful end, and how long it is given. */
    record Escalation(Signal signal, Duration grace) {}

    CommandDraft(List<String> line) {
        this.line = line;
    }

    CommandDraft(CommandDraft from) {
        line = from.line;
        secrets.or(from.secrets);
        argv0 = from.argv0;
        descriptors = from.descriptors;
        directory = from.directory;
        environment.putAll(from.environment);
        clearEnvironment = from.clearEnvironment;
        stdin = from.stdin;
        stdout = from.stdout;
        stderr = from.stderr;
        timeout = from.timeout;
        idleTimeout = from.idleTimeout;
        grace = from.grace;
        drain = from.drain;
        killSignal = from.killSignal;
        escalations = from.escalations;
        cancelGracefully = from.cancelGracefully;
        rules = from.rules;
        exitCodes = from.exitCodes;
        detached = from.detached;
        endsWithChannel = from.endsWithChannel;
        limit = from.limit;
        engine = from.engine;
    }
}
