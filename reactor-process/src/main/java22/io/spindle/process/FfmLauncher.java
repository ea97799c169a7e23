// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Launches by {@code posix_spawn}, called through the foreign-function API. No thread waits for a child. */
final class FfmLauncher implements NativeLauncher {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    /** As the JDK encodes names of files and arguments. */
    private static final Charset CHARSET = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private static final int EMFILE = 24;
    private static final int ENOEXEC = 8;
    private static final int TEST_CODE = 7;

    @Override
    public void selfTest() throws IOException {
        int pid;
        try (SpawnCall call = new SpawnCall(SpawnCall.SETPGROUP)) {
            List<byte[]> line = bytes(List.of("/bin/sh", "-c", "exit " + TEST_CODE));
            pid = call.start(line.get(0), line, Environment.inherited());
        }
        FileDescriptor pidfd = watch(pid);
        int status = Libc.waitpid(pid, 0);
        pidfd.close();
        if (status != TEST_CODE << 8) {
            throw new IOException("a shell that was to exit with " + TEST_CODE + " had the status " + status);
        }
    }

    @Override
    public FileDescriptor[] pipe() throws IOException {
        int[] ends = Libc.pipe();
        return new FileDescriptor[] {new FileDescriptor(ends[0]), new FileDescriptor(ends[1])};
    }

    @Override
    public void keep(FileDescriptor end) throws IOException {
        Libc.setNonBlocking(end.intValue());
    }

    @Override
    public Running start(
            Command command,
            @Nullable FileDescriptor stdin,
            @Nullable FileDescriptor stdout,
            @Nullable FileDescriptor stderr)
            throws IOException {
        int group = group(command);
        List<FileDescriptor> files = new ArrayList<>(3);
        try (SpawnCall call = new SpawnCall(group)) {
            use(call, 0, stdin, command.stdin().redirect(), files);
            use(call, 1, stdout, command.stdout().redirect(), files);
            use(call, 2, stderr, command.stderr().redirect(), files);
            if (command.stderr().isMerged()) {
                call.use(1, 2);
            }
            for (Map.Entry<Integer, FileDescriptor> other :
                    command.descriptors().entrySet()) {
                FileDescriptor ours = duplicate(other.getValue());
                files.add(ours);
                call.useOther(ours.intValue(), other.getKey());
            }
            Path directory = command.directory();
            if (directory != null) {
                call.directory(bytes(directory.toString()));
            }
            int pid = start(call, command);
            return new NativeProcess(find(pid), watch(pid), group != 0);
        } finally {
            StagePipes.close(files);
        }
    }

    /** One that reads our terminal must stay in the group that may; a detached one outlives the terminal. */
    private static int group(Command command) {
        if (command.detached()) {
            return SpawnCall.SETSID;
        }
        return Redirect.INHERIT.equals(command.stdin().redirect()) ? 0 : SpawnCall.SETPGROUP;
    }

    private static void use(
            SpawnCall call,
            int number,
            @Nullable FileDescriptor pipe,
            @Nullable Redirect redirect,
            List<FileDescriptor> files)
            throws IOException {
        if (pipe != null) {
            call.use(pipe.intValue(), number);
        } else if (redirect != null && redirect.file() != null) {
            FileDescriptor file = open(call, redirect);
            files.add(file);
            call.use(file.intValue(), number);
        }
    }

    /** A closed one has lost its number, which may be that of another by now. */
    private static FileDescriptor duplicate(FileDescriptor given) throws IOException {
        if (!given.isOpen()) {
            throw new IOException("a descriptor that the program is to get has been closed");
        }
        return new FileDescriptor(Libc.duplicate(given.intValue(), Command.MAX_DESCRIPTOR + 1));
    }

    private static FileDescriptor open(SpawnCall call, Redirect redirect) throws IOException {
        String path = redirect.file().getPath();
        int flags = switch (redirect.type()) {
            case WRITE -> Libc.O_WRONLY | Libc.O_CREAT | Libc.O_TRUNC;
            case APPEND -> Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND;
            default -> Libc.O_RDONLY;
        };
        try {
            return new FileDescriptor(Libc.open(call.string(bytes(path)), flags));
        } catch (IOException e) {
            throw new FileNotFoundException(path + " (" + e.getMessage() + ")");
        }
    }

    /** A script that does not say what is to run it is run by the shell, as by every other way to start a program. */
    private static int start(SpawnCall call, Command command) throws IOException {
        List<byte[]> environment = Environment.of(command);
        List<String> line = new ArrayList<>(command.line());
        byte[] program = bytes(line.get(0));
        String name = command.argv0();
        if (name != null) {
            line.set(0, name);
        }
        try {
            return call.start(program, bytes(line), environment);
        } catch (IOException e) {
            Path script = Programs.find(command).orElse(null);
            if (SpawnFailures.errorNumber(e) != ENOEXEC || script == null) {
                throw e;
            }
            line.set(0, script.toAbsolutePath().toString());
            line.add(0, "/bin/sh");
            return call.start(bytes(line.get(0)), bytes(line), environment);
        }
    }

    /** The JDK reads a file to find a child that is certainly there; without a descriptor for that the child is ended. */
    private static ProcessHandle find(int pid) throws IOException {
        Optional<ProcessHandle> handle = ProcessHandle.of(pid);
        if (handle.isEmpty()) {
            end(pid);
            throw new IOException("error=" + EMFILE + ", no descriptor to look at process " + pid);
        }
        return handle.get();
    }

    /** Returns a descriptor that tells its end; when that cannot be had it is ended. */
    private static FileDescriptor watch(int pid) throws IOException {
        try {
            return new FileDescriptor(Libc.pidfdOpen(pid));
        } catch (IOException e) {
            end(pid);
            throw e;
        }
    }

    private static void end(int pid) throws IOException {
        Libc.kill(pid, Signal.KILL.number());
        Libc.waitpid(pid, 0);
    }

    static byte[] bytes(String text) {
        return text.getBytes(CHARSET);
    }

    private static List<byte[]> bytes(List<String> texts) {
        return texts.stream().map(FfmLauncher::bytes).toList();
    }

    @Override
    public boolean setPipeSize(FileDescriptor pipe, int bytes) {
        try {
            Libc.setPipeSize(pipe.intValue(), bytes);
            return true;
        } catch (IOException e) {
            log.debug("pipe {} keeps its size", pipe.intValue(), e);
            return false;
        }
    }

    @Override
    public void kill(ProcessHandle process, Signal signal) {
        try {
            FileDescriptor pidfd = new FileDescriptor(Libc.pidfdOpen((int) process.pid()));
            try {
                if (process.isAlive()) { // so its number was its own when the descriptor was opened
                    Libc.signal(pidfd.intValue(), signal.number());
                }
            } finally {
                pidfd.close();
            }
        } catch (IOException e) {
            log.debug("[pid {}] got no {}", process.pid(), signal, e);
        }
    }
}
