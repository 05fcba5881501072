import DrydockCommands

await Drydock.runProcess()
