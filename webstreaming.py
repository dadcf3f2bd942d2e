"""
Stream motion-annotated video to any number of browsers.

This file is the diagram: settings, then the objects, then the threads, then the
server. What runs beside the server is made in pyimagesearch/program.py. Readers of the
tutorial find its functions here:

    detect_motion       pyimagesearch/surveillance/camera_loop.py
    generate            pyimagesearch/streaming/mjpeg.py
    index, video_feed   pyimagesearch/web/live.py

SingleMotionDetector watches with --detector single, another class by its name.
"""

import faulthandler
import gc
import logging
import os
import signal
import sys

from pyimagesearch.errors import SettingsError, SurveillanceError, explain_import

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy would start idle threads
gc.disable()    # imports make no garbage, and the collector would look for it
try:
    import cv2
    import gevent
    from flask import Flask

    from pyimagesearch.access import Authenticator
    from pyimagesearch.access.commands import (
        change_device_keys,
        print_links,
        set_password,
    )
    from pyimagesearch.addresses import is_loopback
    from pyimagesearch.clock import SystemClock, TimeZone
    from pyimagesearch.folders import ConfigFolder, DataFolder, open_folders
    from pyimagesearch.log_tail import LogTail
    from pyimagesearch.notifications.alerts_command import alerts
    from pyimagesearch.object_detection.model_files import model_for
    from pyimagesearch.object_detection.object_groups import unknown_objects
    from pyimagesearch.object_detection.objects_command import objects
    from pyimagesearch.permissions import OTHERS_MASK
    from pyimagesearch.program import (
        SERVER_LOOP,
        Program,
        make_program,
    )
    from pyimagesearch.program_alerts import make_alerts
    from pyimagesearch.program_services import make_services, open_role
    from pyimagesearch.serving import LiveServer, connections_for, tls_for
    from pyimagesearch.settings import Settings, command_line
    from pyimagesearch.settings.exposed_secrets import exposed_secrets
    from pyimagesearch.settings.loading import unknown_variables
    from pyimagesearch.settings.owner_settings import OwnerSettings
    from pyimagesearch.system.doctor import examine
    from pyimagesearch.system.log_format import Log, configure_logging
    from pyimagesearch.system.process import (
        keep_freed_memory,
        open_streams,
        raise_descriptor_limit,
    )
    from pyimagesearch.system.service import service
    from pyimagesearch.system.startup_message import (
        describe_access,
        print_error,
        print_lines,
        program_command,
        server_urls,
        startup_lines,
        stop_printing,
        unencrypted_login,
    )
    from pyimagesearch.system.watchdog import ServiceManager
    from pyimagesearch.threads import UncaughtErrors
    from pyimagesearch.web import create_app
    from pyimagesearch.web.event_stream import Announcer
    from pyimagesearch.web.push_sessions import remove_push, revoked_push
    from pyimagesearch.web.services import Pool
except ImportError as missing:
    sys.exit(f"webstreaming: error: {explain_import(missing)}")
gc.enable()

log = logging.getLogger("webstreaming")

INTERRUPTED = 130       # exit status after Ctrl-C, as of a shell


def main(argv: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    command, arguments, settings = command_line.parse_command_line(argv, os.environ)
    try:
        match command:
            case "completion":
                print(command_line.completion_script(**arguments))
            case "service":
                service(**arguments)
            case "password":
                set_password(settings, **arguments)
            case "token":
                print_links(settings, configured_url(settings), **arguments)
            case "device-key":
                change_device_keys(settings, configured_url(settings), **arguments)
            case "doctor":
                prepare(settings)
                return examine(settings, SystemClock())
            case "alerts":
                prepare(settings)
                return alerts(settings, configured_by_owner(settings).cameras(),
                              running_url(settings), objects_off(settings), **arguments)
            case "objects":
                prepare(settings)
                return objects(settings, program_command(), **arguments)
            case "replay":
                from pyimagesearch.replay import replay  # with PyAV: 16 MB
                prepare(settings)
                owner = configured_by_owner(settings)
                return replay(settings, owner.cameras(), owner.others(), **arguments)
            case _:
                return watch(settings, prepare(settings))
    except SurveillanceError as error:
        print_error(str(error))
        return 2 if isinstance(error, SettingsError) else 1
    except OSError as error:
        if not command:
            raise
        stop_printing()     # other errors of commands have a sentence of their own
        print_error(f"the output cannot be written: {error.strerror}")
        return 1
    return 0


def configured_by_owner(settings: Settings) -> OwnerSettings:
    """Return what the owner set on pages, and these *settings* below it."""
    config = ConfigFolder(settings.config_dir, DataFolder(settings.data).path)
    return OwnerSettings(config, settings)


def configured_url(settings: Settings) -> str:
    """Return the URL for phones of a server with these *settings*."""
    return server_urls(settings, settings.ip, settings.port)[-1]


def running_url(settings: Settings) -> str:
    """Return the URL in *settings*, or else of the server that ran last."""
    is_given = bool({"ip", "port"} & settings.fixed.keys())
    if is_given or (settings.ip, settings.port) != (Settings.ip, Settings.port):
        return configured_url(settings)
    return DataFolder(settings.data).url or configured_url(settings)


def objects_off(settings: Settings) -> str:
    """Return why no objects are recognised; empty if they are, by any model."""
    has_own_model = settings.objects not in (None, "on", "off")
    return "" if has_own_model else model_for(
        settings, DataFolder(settings.data).path, program_command()).why


def prepare(settings: Settings) -> Log:
    """Set up the log and the libraries for the whole process; return the log."""
    made = configure_logging(settings)
    for sentence in (*unknown_variables(os.environ), *settings.unwatched(),
                     *exposed_secrets(settings),
                     *unknown_objects(settings.cameras())):
        log.warning("%s", sentence)
    faulthandler.enable()   # systemd's watchdog ends us by a signal: say where we hung
    keep_freed_memory()
    cv2.setNumThreads(1)    # the pictures are small: more threads only cost more
    silence_opencv()
    return made


def silence_opencv() -> None:
    """Drop what OpenCV logs: it only repeats ours about cameras, pictures, models."""
    if hasattr(cv2.utils, "logging"):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    else:       # OpenCV 4.10
        vars(cv2)["setLogLevel"](0)


def watch(settings: Settings, own_log: Log) -> int:
    """Construct, connect, run, stop."""
    os.umask(OTHERS_MASK)
    systemd = ServiceManager()
    data, config = open_folders(settings.data, settings.config_dir)
    program = make_program(settings, data, config, systemd)
    server = make_server(settings, config)
    own_url = server_urls(settings, *server.address)[-1]
    program.alerts = make_alerts(settings, own_url, data, program)
    program.archive.claim()
    authenticator = make_authenticator(settings, config, server, program)
    app = make_app(settings, authenticator, server, program, own_log.tail)
    program.owner_settings.file.preparations.append(own_log.hide)
    program.owner_settings.file.listeners.append(own_log.follow)
    program.announcer = Announcer(app)
    uncaught = UncaughtErrors(server.stop_soon)
    uncaught.install()
    stop_on_signals(server)
    gc.freeze()     # what exists now stays: the collector need not visit it again
    program.start()
    url = greet(authenticator, settings, *server.address)
    data.keep_url(url)
    timer = gevent.get_hub().loop.timer(1.0, 1.0)
    timer.start(every_second, authenticator, program, server.pools.changes,
                TimeZone())
    systemd.notify("READY=1", f"STATUS=open {url}")
    server.run(app, on_stop=program.stop_cameras)
    systemd.notify("STOPPING=1")
    program.finish()
    return uncaught.status


def make_server(settings: Settings, config: ConfigFolder) -> LiveServer:
    """Bind the address and load the certificate."""
    connections = connections_for(
        settings.max_viewers, settings.max_viewers_per_address,
        raise_descriptor_limit(), settings.trusted_proxies)
    return LiveServer(settings.ip, settings.port, connections,
                      tls_for(settings, config))


def make_authenticator(settings: Settings, config: ConfigFolder, server: LiveServer,
                       program: Program) -> Authenticator:
    """Require a login unless the server is reachable from this machine only."""
    only_here = is_loopback(server.address[0])
    if settings.trusted_proxies and not only_here:
        log.warning("--trusted-proxies: clients that reach the port directly can forge "
                    "their address; let only the proxy reach it (--ip 127.0.0.1, or a "
                    "firewall)")
    return Authenticator(
        config, program.clock, program.refused_logins, open_to=open_role(settings),
        in_thread=server.pools.changes.run_admitted,
        check_in_thread=server.pools.passwords.run,
        local_only=only_here and not settings.behind_proxy)


def make_app(settings: Settings, authenticator: Authenticator, server: LiveServer,
             program: Program, log_tail: LogTail) -> Flask:
    """Connect the pages and the API to the parts of the program."""
    services = make_services(
        settings, authenticator, program, pools=server.pools, log_tail=log_tail,
        wait_for_frame=server.wait_for_frame)
    return create_app(services, base_path=settings.base_path or "",
                      trusted_proxies=settings.trusted_proxies)


def every_second(authenticator: Authenticator, program: Program, pool: Pool,
                 zone: TimeZone) -> None:
    """Do what the server's thread does once a second."""
    authenticator.end_revoked_streams()
    if revoked := revoked_push(program.push, authenticator):
        gevent.spawn(pool.run_admitted, lambda: remove_push(
            lambda: program.push.remove(*revoked)))
    program.refused_logins.write()
    program.watchdog.heartbeat(SERVER_LOOP)
    zone.follow()
    program.arming.tick()


def stop_on_signals(server: LiveServer) -> None:
    """End the server on Ctrl-C and SIGTERM, and on SIGHUP unless nohup ignores it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            gevent.signal_handler(number, server.stop)


def greet(authenticator: Authenticator, settings: Settings, ip: str, port: int) -> str:
    """Print where the server is and how to log in; return the URL for phones."""
    print_lines(startup_lines(settings, ip, port))
    url = server_urls(settings, ip, port)[-1]
    if settings.auth != "on":
        log.warning("%s", describe_access(settings))
    if sentence := unencrypted_login(settings, ip):
        log.warning("%s", sentence)
    print_lines(authenticator.login_lines(url))
    return url


def run() -> None:
    """The command ``webstreaming``: leave at once, even past a frozen camera."""
    open_streams()
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:       # argparse's, after --help or a wrong option
        status = int(end.code or 0)
    except KeyboardInterrupt:       # Ctrl-C during a command, or the start
        print(file=sys.stderr)
        status = INTERRUPTED
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError as error:    # a full disk, or a pipe that was closed
        status = status or 1
        print_error(f"the output cannot be written: {error.strerror}")
    os._exit(status)    # a thread stuck in a driver would crash the usual exit


if __name__ == "__main__":
    run()
